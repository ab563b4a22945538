/** Where processes are to die, by the stages of Curfew's own line. */
import type { Failpoint } from './failpoints.ts';
import type { Chance } from './random.ts';

export type Role = 'web' | 'worker';

/** The line as the issue of this lane has it, then what surrounds it. */
export const line = ['request', 'decision', 'provision', 'expiry', 'audit', 'shutdown'] as const;
export type Stage = (typeof line)[number] | 'notice' | 'anywhere';

/** A point, by how many passings a process may die at it at the latest, and where it matters on which side of it. */
type Point = readonly [point: string, most: number, when?: Failpoint['when']];
type Plan = Partial<Record<Stage, readonly [Point, ...Point[]]>>;

const stages: Record<Role, Plan> = {
  web: {
    request: [
      ['sql:claim-call', 30],
      ['sql:add-request', 20],
    ],
    decision: [
      ['sql:approve', 15],
      ['sql:commit of approve', 15],
      ['sql:deny', 2],
    ],
    expiry: [
      ['sql:end-grant', 6],
      ['sql:commit of end-grant', 6],
      ['sql:panic', 1],
    ],
    shutdown: [['stop:', 40]],
    anywhere: [
      ['sql:', 2_000],
      ['redis:', 200],
      ['http:', 100],
    ],
  },
  worker: {
    provision: [
      // Before it nothing has begun.
      ['sql:claim-rights give', 3, 'after'],
      ['sql:record-baseline', 1],
      ['target:grant', 3],
      ['sql:settle-rights give', 3],
    ],
    expiry: [
      ['sql:claim-rights take', 3, 'after'],
      ['target:revoke', 3],
      ['target:finish', 3],
      ['sql:settle-rights take', 3],
    ],
    audit: [
      ['sql:seal', 2],
      ['sql:commit of seal', 2],
      ['file:audit-anchors.jsonl', 1],
    ],
    notice: [
      ['sql:attempt-to-post', 4],
      ['http:chat.postMessage', 4],
      ['http:chat.update', 4],
      ['sql:wake-relay', 4],
    ],
    shutdown: [['stop:', 40]],
    anywhere: [
      ['sql:', 300],
      ['target:', 12],
      ['redis:', 100],
      ['http:', 20],
    ],
  },
};

export type Fate = Failpoint & { readonly stage: Stage };

/** Each stage as often as any other, and each point of it. */
export function choose(role: Role, chance: Chance): Fate {
  const [first, ...others] = Object.entries(stages[role]) as [Stage, readonly [Point, ...Point[]]][];
  if (first === undefined) throw new Error(`a ${role} has nowhere to die`);
  const [stage, points] = chance.pick([first, ...others]);
  const [point, most, when] = chance.pick(points);
  return { stage, point, nth: chance.skewed(most), when: when ?? chance.pick(['before', 'after']) };
}

/** A point in the words of the report. */
export const nameOf = (role: Role, { stage, point }: Pick<Fate, 'stage' | 'point'>): string => `${stage}: ${role} at ${point}`;

/** All of them. */
export const everyPoint: readonly string[] = Object.entries(stages).flatMap(([role, plan]) =>
  Object.entries(plan).flatMap(([stage, points]) => points.map(([point]) => nameOf(role as Role, { stage: stage as Stage, point }))),
);

export const isOnLine = (stage: Stage): stage is (typeof line)[number] => line.some((each) => each === stage);
