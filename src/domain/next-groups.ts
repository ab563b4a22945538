/** Further groups that are asked, one after the other, where nobody answers. They belong to the approval that names them. */
import type { ApprovalPath } from './approval-path.ts';
import { type DurationSeconds, toSeconds } from './duration.ts';
import type { GroupRef } from './policy.ts';
import type { PermissionRequest } from './request.ts';
import type { Outcome } from './route.ts';
import { after, instant, type Instant } from './time.ts';

/** A second press of Escalate is most often the same one again; so long the next group has the request to itself. */
export const oneStep = toSeconds({ time: 1, unit: 'm' });

/** The same with the ways of the groups that are asked by now: the first `count` of each approval. */
export function withGroupsAsked(outcome: Outcome, count: number): Outcome {
  if (outcome.kind !== 'ask' || count === 0) return outcome;
  return { ...outcome, paths: outcome.paths.flatMap((path) => [path, ...waysOfNext(path, count)]) };
}

function waysOfNext({ policy, options: { nextGroups, ...options } }: ApprovalPath, count: number): ApprovalPath[] {
  const asked = nextGroups?.groups.slice(0, count) ?? [];
  return asked.map((group) => ({ policy, approvers: { kind: 'group', groups: [group], effect: 'keep' }, options }));
}

export type NextGroups = {
  readonly at: Instant;
  readonly count: number;
  readonly groups: readonly GroupRef[];
  /** Why the requestor does not wait for their time. */
  readonly reason?: string | undefined;
};

type Waiting = Pick<PermissionRequest, 'createdAt' | 'approvableUntil' | 'groupsAsked' | 'questions' | 'endorsements'>;

/**
 * Who is asked next, and when, if nobody says anything until then. Undefined: nobody is left, or it lapses before.
 * @param paths the ways on which this request may be approved; where they name different times, the shortest counts
 */
export function nextGroupsOf(request: Waiting, paths: readonly ApprovalPath[]): NextGroups | undefined {
  const left = groupsLeft(request, paths);
  if (left === undefined) return undefined;
  const at = after(lastWord(request), left.wait);
  return at < request.approvableUntil ? { at, count: left.count, groups: left.groups } : undefined;
}

/**
 * Who would be asked next, whenever that is; undefined where nobody is left.
 * @param paths as for {@link nextGroupsOf}
 */
export function groupsLeft(
  { groupsAsked }: Pick<Waiting, 'groupsAsked'>,
  paths: readonly ApprovalPath[],
): (Omit<NextGroups, 'at'> & { readonly wait: DurationSeconds }) | undefined {
  const asked = groupsAsked?.count ?? 0;
  const left = paths.flatMap(({ options: { nextGroups } }) => {
    const group = nextGroups?.groups[asked];
    return nextGroups === undefined || group === undefined ? [] : [{ group, afterMinutes: nextGroups.afterMinutes }];
  });
  if (left.length === 0) return undefined;
  const wait = toSeconds({ time: Math.min(...left.map(({ afterMinutes }) => afterMinutes)), unit: 'm' });
  return { wait, count: asked + 1, groups: left.map(({ group }) => group) };
}

/** Approvers who ask or agree are not silent, and an answer gives them their time again. */
function lastWord({ createdAt, groupsAsked, questions = [], endorsements = [] }: Waiting): Instant {
  const said = [...questions.flatMap(({ at, answer }) => [at, answer?.at ?? at]), ...endorsements.map(({ at }) => at)];
  return instant(Math.max(createdAt, groupsAsked?.at ?? createdAt, ...said));
}
