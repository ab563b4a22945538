export type RefusedMember = {
  /** Where it is, as a JSON pointer in a URI fragment. */
  readonly pointer: string;
  readonly name: string;
  readonly why: 'repeated' | 'prototype';
};

/** What the scan is inside of: an object with the names seen so far, or an array. `at` is the member or element it is at. */
type Frame = { readonly names: Set<string> | undefined; at: string | number; expectsName: boolean };

/**
 * The first member name that an object of the text has twice, or that is `__proto__`. Names are compared as they read once
 * their escapes are undone. Text that is not JSON may give either answer: the parser refuses it afterwards.
 */
export function refusedMember(text: string): RefusedMember | undefined {
  const frames: Frame[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    const frame = frames.at(-1);
    if (character === '{') frames.push({ names: new Set(), at: '', expectsName: true });
    else if (character === '[') frames.push({ names: undefined, at: 0, expectsName: false });
    else if (character === '}' || character === ']') frames.pop();
    else if (character === ',' && frame !== undefined) {
      if (typeof frame.at === 'number') frame.at++;
      else frame.expectsName = true;
    } else if (character === '"') {
      const end = endOfString(text, i);
      if (frame?.names !== undefined && frame.expectsName) {
        const name = readString(text.slice(i, end + 1));
        if (name === undefined) return undefined;
        frame.expectsName = false;
        frame.at = name;
        const why = name === '__proto__' ? 'prototype' : frame.names.has(name) ? 'repeated' : undefined;
        if (why !== undefined) return { pointer: pointerOf(frames), name, why };
        frame.names.add(name);
      }
      i = end;
    }
  }
  return undefined;
}

/** Where the string that opens at `start` closes; the end of the text where it does not. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

function readString(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const pointerOf = (frames: readonly Frame[]): string =>
  `#${frames.map(({ at }) => `/${String(at).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
