/** The versions that a change may start from. */
export type Versions = 'any' | readonly string[];

export const isAmong = ({ version }: { readonly version: string }, versions: Versions): boolean =>
  versions === 'any' || versions.includes(version);
