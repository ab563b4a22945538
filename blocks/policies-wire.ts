/** What the windows about policies carry to Slack and back: names and versions to look up, and places in the list. */

/** A policy as it was shown. */
export type PolicyRef = { readonly version: string; readonly name: string };

export const encodePolicyRef = ({ version, name }: PolicyRef): string => `${version}.${name}`;

export function decodePolicyRef(value: string | undefined): PolicyRef | undefined {
  const [, version, name] = /^([0-9]{1,19})\.([^]{1,1000})$/.exec(value ?? '') ?? [];
  return version === undefined || name === undefined ? undefined : { version, name };
}

/** The pages before this one: after which position each began. The first page has none. */
export type Trail = readonly string[];

/** Whoever turns further can go back so many pages. */
const longestTrail = 100;

export const encodeTrail = (trail: Trail): string => trail.slice(-longestTrail).join(',');

/** What cannot be read is the first page. */
export function decodeTrail(text: string | undefined): Trail {
  const given = text ?? '';
  return /^[0-9]{1,19}(,[0-9]{1,19})*$/.test(given.slice(0, 3000)) ? given.split(',').slice(-longestTrail) : [];
}

/** What the editing window edits: a stored policy or a new one, and which findings, if any, were shown. */
export type EditState = { readonly policy: PolicyRef | undefined; readonly shown: string | undefined };

export const encodeEditState = ({ policy, shown }: EditState): string =>
  `${shown ?? ''}|${policy === undefined ? '' : encodePolicyRef(policy)}`;

export function decodeEditState(text: string | undefined): EditState | undefined {
  const [, shown, rest] = /^([0-9a-f]{16})?\|([^]*)$/.exec(text ?? '') ?? [];
  if (rest === undefined) return undefined;
  const policy = decodePolicyRef(rest);
  return rest !== '' && policy === undefined ? undefined : { policy, shown };
}
