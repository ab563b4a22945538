/** What a run came to, in lines for people; and what it has not shown. */
import type { Verdict } from './check.ts';
import type { Deaths } from './crew.ts';
import { addedUpMs, hardMs, unclaimedMs, undisturbedMs } from './limits.ts';
import { quantile } from './lose-redis.ts';
import { everyPoint, line } from './points.ts';
import type { Witness } from './witness.ts';

export type Run = {
  /** How many kills were asked for; the time may be over before. */
  readonly wanted: number;
  readonly deaths: Deaths;
  readonly seen: Witness['seen'];
  readonly requests: number;
  readonly grants: number;
  /** Of these, what went on longer, and what was taken before anybody agreed. */
  readonly extended: number;
  readonly takenAtOnce: number;
  readonly latenessMs: readonly number[];
  readonly longest: Verdict['longest'];
  /** Of the observer's looks, those that nothing excused. */
  readonly looks: number;
  readonly strictLooks: number;
};

/** From so many kills on a run has to have been everywhere. */
const fullRun = 300;
const fewestGrants = 100;
const fewestRemovals = 50;
/** However short a run is: of the kills that were asked for, what must have happened in its time, and of these, how many at points. */
const fewestOfWanted = 0.1;
const fewestAtPoints = 0.1;

/** A run that never was where it hurts has shown nothing, however still it was. */
export function shortcomings({ wanted, deaths, seen, grants, strictLooks }: Run): string[] {
  const { kills, fromOutside } = deaths;
  const atPoints = kills - fromOutside;
  const few = [
    ...(kills < wanted * fewestOfWanted ? [`only ${kills} of ${wanted} kills happened`] : []),
    ...(atPoints < kills * fewestAtPoints ? [`only ${atPoints} of ${kills} kills were at points`] : []),
  ];
  if (kills < fullRun) return few;
  return [
    ...few,
    ...line.filter((stage) => !deaths.byStage.has(stage)).map((stage) => `no process died at a point of ${stage}`),
    ...(grants < fewestGrants ? [`only ${grants} grants were made`] : []),
    ...(strictLooks === 0 ? ['no look of the observer came so long after a trouble that nothing excused what it saw'] : []),
    ...(seen.removals < fewestRemovals ? [`only ${seen.removals} removals were under way at a death`] : []),
  ];
}

export function tell({ deaths, seen, requests, grants, extended, takenAtOnce, latenessMs, longest, looks, strictLooks }: Run): string[] {
  const { kills, fromOutside, byStage, byAim, byPoint } = deaths;
  const missed = everyPoint.filter((point) => !byAim.has(point));
  const [p50, p99, worst] = [0.5, 0.99, 1].map((part) => Math.round(quantile(latenessMs, part)));
  return [
    `${kills} kills: ${kills - fromOutside} at points, ${fromOutside} from outside; ${requests} requests, ${grants} grants, of which ${extended} went on longer and ${takenAtOnce} were taken at once`,
    `${seen.removals} removals were under way at a death (${seen.blind} deaths while the database was away)`,
    `${latenessMs.length} removals late by p50 ${p50} ms, p99 ${p99} ms, worst ${worst} ms, while things were broken`,
    `access past its end for at most ${Math.round(longest.undisturbed)} ms of ${undisturbedMs} that nothing explains, ${Math.round(longest.addedUp)} ms of ${addedUpMs} added up, and ${Math.round(longest.pastEnd)} ms of ${hardMs} in all; due and claimed by nobody who could for ${Math.round(longest.unclaimed)} ms of ${unclaimedMs}`,
    `${strictLooks} of ${looks} looks at the target came more than ε after the last trouble`,
    `stages: ${sorted(byStage)}`,
    `died at: ${sorted(byPoint)}`,
    missed.length === 0 ? 'every point was hit' : `never hit: ${missed.join(', ')}`,
  ];
}

const sorted = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted((one, other) => other[1] - one[1])
    .map(([what, times]) => `${what} ${times}`)
    .join(', ');
