import { type ApprovalPath, approvalsNeeded } from './approval-path.ts';
import type { DurationSeconds } from './duration.ts';
import type { Endorsement } from './request.ts';

/** Somebody's yes, and the ways to approval that it counts for at this moment. */
export type Voice = Pick<Endorsement, 'by' | 'duration' | 'keyMakers'> & { readonly paths: readonly ApprovalPath[] };

/** `isEnough`: it is approved, by these policies, for the shortest time that one of those who agreed named. */
export type Agreement =
  | { readonly isEnough: false }
  | { readonly isEnough: true; readonly policies: readonly string[]; readonly duration: DurationSeconds; readonly by: readonly Voice[] };

/**
 * Do enough different people agree on one way? Yeses to different ways are not added up: whoever may use one of them need not
 * be trusted by the other.
 * @param mine  the newest, which must be one of those that count
 * @param earlier  by other people, oldest first
 */
export function weigh(mine: Voice, earlier: readonly Voice[]): Agreement {
  const reached = mine.paths.flatMap((path) => {
    const agreeing = differentPeople([mine, ...earlier.filter(({ paths }) => paths.includes(path))]).slice(0, approvalsNeeded(path));
    return agreeing.length === approvalsNeeded(path) ? [{ path, agreeing }] : [];
  });
  // With the fewest, so that what one may decide alone is theirs alone.
  const [least] = reached.toSorted((a, b) => a.agreeing.length - b.agreeing.length);
  if (least === undefined) return { isEnough: false };
  const by = least.agreeing;
  const same = reached.filter(({ agreeing }) => agreeing.length === by.length && agreeing.every((voice) => by.includes(voice)));
  return {
    isEnough: true,
    policies: [...new Set(same.map(({ path }) => path.policy))],
    duration: by.map(({ duration }) => duration).reduce((shortest, each) => (each < shortest ? each : shortest)),
    by,
  };
}

/** Whoever made a key that somebody else's yes came with may hold a copy of it, so the two are one. */
function differentPeople(voices: readonly Voice[]): readonly Voice[] {
  const different: Voice[] = [];
  for (const voice of voices) if (!different.some((other) => isSamePerson(voice, other))) different.push(voice);
  return different;
}

function isSamePerson(one: Voice, other: Voice): boolean {
  const [ones, others] = [
    [one.by.id, ...one.keyMakers],
    [other.by.id, ...other.keyMakers],
  ];
  return ones.some((person) => others.includes(person));
}
