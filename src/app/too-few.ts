/** What nobody could ever approve is refused as it is asked for, and does not wait until it lapses. */
import { type ApprovalPath, approvalsNeeded } from '../domain/approval-path.ts';
import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import { withGroupsAsked } from '../domain/next-groups.ts';
import type { GroupRef } from '../domain/policy.ts';
import type { PermissionRequest, Person } from '../domain/request.ts';
import type { Rejection } from '../domain/result.ts';
import type { Outcome } from '../domain/route.ts';
import { groupNamed } from './authority.ts';
import { policiesBy, type RoutingDeps, usablePaths } from './routing.ts';
import type { Reads } from './store.ts';

/** A request that waits for people, as far as it matters to whether there are enough of them. */
type Asked = Pick<PermissionRequest, 'org' | 'reason' | 'durationNamed'> & {
  readonly requestor: Pick<Person, 'email'>;
  readonly principal: Pick<Person, 'email'>;
  /** It is known already that a security reviewer is neither of the two. */
  readonly othersReview?: boolean;
};
type Deps = Pick<RoutingDeps, 'directories' | 'onCalls' | 'log'>;
type RoleLists = { readonly roles: Pick<Reads['roles'], 'list'> };

/**
 * Refuses where on every way that the request may go, those who could approve are fewer than must agree. Undefined where
 * there are enough, and where that cannot be told: a look-up that fails is never "nobody". No more is looked up than it takes.
 */
export async function whyTooFew(deps: Deps, reads: RoleLists, asked: Asked, outcome: Outcome): Promise<Rejection | undefined> {
  // Whoever is asked later may be the one who approves.
  const paths = usablePaths(asked, withGroupsAsked(outcome, Number.POSITIVE_INFINITY));
  if (paths.length === 0) return undefined;
  for (const path of paths.toSorted((one, other) => costOf(one) - costOf(other)))
    if (!(await isShort(deps, reads, asked, path))) return undefined;
  return { code: 'nobody-can-approve', policies: policiesBy(paths) };
}

/** What is known without asking comes first, then what our own database knows. */
const costOf = ({ approvers }: ApprovalPath): number => ['on-call', 'person', 'reviewers', 'group'].indexOf(approvers.kind);

async function isShort(deps: Deps, reads: RoleLists, asked: Asked, path: ApprovalPath): Promise<boolean> {
  const needed = approvalsNeeded(path);
  if (path.approvers.kind === 'reviewers' && asked.othersReview === true && needed === 1) return false;
  const people = await whoCould(deps, reads, asked.org, path);
  if (people === undefined) return false;
  const left = new Set(people.map(canonicalEmail));
  if (!path.options.allowOneParty) for (const own of [asked.requestor, asked.principal]) left.delete(canonicalEmail(own.email));
  return left.size < needed;
}

/** Undefined: nobody can list them. */
async function whoCould(deps: Deps, reads: RoleLists, org: Org, { approvers }: ApprovalPath): Promise<readonly Email[] | undefined> {
  switch (approvers.kind) {
    case 'person':
      return [approvers.email];
    case 'on-call':
      return deps.onCalls(approvers.integration) === undefined ? [] : undefined;
    case 'group':
      return approvers.effect === 'keep' ? all(approvers.groups.map((group) => membersOf(deps, group))) : undefined;
    case 'reviewers':
      return all((await reads.roles.list(org)).flatMap(({ role, holder }) => (role === 'manager' ? [holdersOf(deps, holder)] : [])));
  }
}

type Holder = Awaited<ReturnType<RoleLists['roles']['list']>>[number]['holder'];

/** Through a group that no directory has, nobody has a role. */
async function holdersOf(deps: Deps, holder: Holder): Promise<readonly Email[] | undefined> {
  if (holder.kind === 'user') return [holder.email];
  const { directory, id } = groupNamed(holder.group);
  return deps.directories(directory) === undefined ? [] : membersOf(deps, { directory, id });
}

async function membersOf({ directories, log }: Deps, group: Pick<GroupRef, 'directory' | 'id'>): Promise<readonly Email[] | undefined> {
  try {
    const listed = await directories(group.directory)?.members?.(group);
    return listed === 'not-configured' ? undefined : listed;
  } catch (error) {
    log.warn({ err: error, directory: group.directory }, 'members could not be looked up; a request waits for them all the same');
    return undefined;
  }
}

async function all(lists: readonly Promise<readonly Email[] | undefined>[]): Promise<readonly Email[] | undefined> {
  const known = await Promise.all(lists);
  return known.includes(undefined) ? undefined : known.flatMap((list) => list ?? []);
}
