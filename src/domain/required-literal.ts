/** Names of one character that stand for something of one character's width, or for no width: they end a run of literals. */
const classEscapes = /^[dDwWsSbBAzntrfva]$/;
const punctuation = /^[!-/:-@[-`{-~]$/;
const repeat = /^\{\d+(?:,\d*)?\}/;

/**
 * The longest text that everything holds which this pattern of RE2 is found in. Undefined where none was made out; what
 * is not understood for certain counts as that, because a policy that is looked for by a wrong text would be lost.
 * @param pattern known to compile
 */
export function requiredLiteral(pattern: string): string | undefined {
  const runs: string[] = [];
  let run: string[] = [];
  const end = (): void => {
    runs.push(run.join(''));
    run = [];
  };
  for (let at = 0; at < pattern.length; ) {
    const piece = readPiece(pattern, at);
    if (piece === undefined) return undefined;
    at += piece.length;
    if (piece.kind === 'literal') run.push(piece.text);
    else {
      // What may be repeated no time at all is not required.
      if (piece.kind === 'optional') run.pop();
      end();
    }
  }
  end();
  const longest = runs.reduce((best, each) => (each.length > best.length ? each : best), '');
  return longest === '' ? undefined : longest;
}

type Piece =
  | { readonly kind: 'literal'; readonly text: string; readonly length: number }
  /** `break`: something else stands here. `optional`: the same, and what stands before it may be absent. */
  | { readonly kind: 'break' | 'optional'; readonly length: number };

/** The piece of a pattern that starts there; undefined where it is not understood, or may bring an alternative. */
function readPiece(pattern: string, at: number): Piece | undefined {
  const first = pattern.charAt(at);
  switch (first) {
    case '|':
    case ')':
      return undefined;
    case '*':
    case '?':
      return { kind: 'optional', length: 1 };
    case '+':
    case '.':
    case '^':
    case '$':
      return { kind: 'break', length: 1 };
    case '{': {
      const [found] = repeat.exec(pattern.slice(at)) ?? [];
      return found === undefined ? undefined : { kind: 'optional', length: found.length };
    }
    case '[':
      return breakOf(classLength(pattern.slice(at)));
    case '(':
      return breakOf(groupLength(pattern.slice(at)));
    case '\\':
      return readEscape(pattern.charAt(at + 1));
    default: {
      const text = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
      return { kind: 'literal', text, length: text.length };
    }
  }
}

const breakOf = (length: number | undefined): Piece | undefined => (length === undefined ? undefined : { kind: 'break', length });

function readEscape(next: string): Piece | undefined {
  if (punctuation.test(next)) return { kind: 'literal', text: next, length: 2 };
  return classEscapes.test(next) ? { kind: 'break', length: 2 } : undefined;
}

/** How long the class is that `rest` starts with. A bracket right at its start belongs to it, as does `[:alpha:]`. */
function classLength(rest: string): number | undefined {
  const found = /^\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]/s.exec(rest);
  return found?.[0].length;
}

/** How long the group is that `rest` starts with. One that changes flags changes what every letter means. */
function groupLength(rest: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < rest.length; ) {
    const first = rest.charAt(at);
    if (first === '(' && /^\(\?(?!:)/.test(rest.slice(at, at + 3))) return undefined;
    if (first === '(') depth++;
    if (first === ')') depth--;
    const length = first === '[' ? classLength(rest.slice(at)) : first === '\\' ? readEscape(rest.charAt(at + 1))?.length : 1;
    if (length === undefined) return undefined;
    at += length;
    if (depth === 0) return at;
  }
  return undefined;
}
