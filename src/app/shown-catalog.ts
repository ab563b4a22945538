import { type Email, nobody, type Org } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import type { Permission, Person } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { type Outcome, route } from '../domain/route.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import { type Glance, takeGlance } from './glance.ts';
import type { Caller } from './ports.ts';
import { rightFacts, routeByVersion, whyNotDecide } from './routing.ts';

export type CatalogEntry = Permission & { readonly label: string };
export type ShownEntry = CatalogEntry & { readonly isHeld: boolean };
/** Whose listing it is; undefined: everyone's. */
export type About = { readonly email: Email; readonly person: Person | undefined } | undefined;

/** So many are judged before others get their turn. */
const atOnce = 100;

/**
 * What this person may ask for or holds; for everyone, all there is. Others' listings are for owners, reviewers and
 * viewers, and for approvers as far as they may decide; where that is nothing, they are refused. What is held comes first.
 */
export async function showCatalog(
  deps: DecideDeps,
  caller: Caller,
  about: About,
  entries: readonly CatalogEntry[],
): Promise<Result<readonly ShownEntry[]>> {
  const glance = takeGlance(deps.routing, deps.store);
  const refusal = about?.person?.id === caller.person.id ? undefined : await whyNotSeeOthers(glance, caller);
  const mine = refusal === undefined ? entries : await keep(entries, (entry) => mayDecide(glance, caller, about, entry));
  if (refusal !== undefined && mine.length === 0) return reject(refusal);
  const held = await heldBy(deps, caller.org, about);
  const marked = mine.map((entry) => ({ ...entry, isHeld: held.has(keyOf(entry)) }));
  const shown =
    about === undefined ? marked : await keep(marked, async (each) => each.isHeld || mayAsk(glance, caller.org, about.email, each));
  return accept([...shown.filter(({ isHeld }) => isHeld), ...shown.filter(({ isHeld }) => !isHeld)]);
}

/** Undefined: the caller may look up what others may ask for. */
export const whyNotSeeOthers = ({ routing, reads }: Glance, caller: Caller): Promise<Rejection | undefined> =>
  whyNotInRole(routing, reads, caller, ['owner', 'manager', 'viewer']);

async function keep<T>(items: readonly T[], isKept: (item: T) => Promise<boolean>): Promise<readonly T[]> {
  const kept: T[] = [];
  for (const [index, item] of items.entries()) {
    if (index % atOnce === atOnce - 1) await new Promise<void>((resolve) => setImmediate(resolve));
    if (await isKept(item)) kept.push(item);
  }
  return kept;
}

async function heldBy({ store }: DecideDeps, org: Org, about: About): Promise<ReadonlySet<string>> {
  if (about !== undefined && about.person === undefined) return new Set();
  return new Set((await store.held(org, about?.person?.id)).map(keyOf));
}

const keyOf = ({ integration, accessType, resource }: Permission): string => JSON.stringify([integration, accessType, resource]);

/** What cannot be told now stays listed: asking for it says so. */
export async function mayAsk({ routing, reads }: Glance, org: Org, email: Email, permission: Permission): Promise<boolean> {
  const { outcome } = await routeByVersion(routing, reads, { org, principal: personOf(email), permission });
  return outcome.kind !== 'deny' && outcome.kind !== 'none';
}

/** A request with all that a policy could want of it. */
export async function mayDecide(glance: Glance, caller: Caller, about: About, permission: Permission): Promise<boolean> {
  const { routing, reads } = glance;
  const { org } = caller;
  const person = about === undefined ? personOf(caller.person.email) : (about.person ?? personOf(about.email));
  const subject = { org, principal: person, permission };
  const outcome = about === undefined ? await outcomeForAnybody(glance, subject) : (await routeByVersion(routing, reads, subject)).outcome;
  const request = { ...subject, requestor: person, reason: 'any', durationNamed: true, isPreapproved: true, keyMakers: [] };
  return (await whyNotDecide(routing, reads, request, outcome, caller)) === undefined;
}

/** A person who may have no record yet. */
export const personOf = (email: Email): Person => ({ id: nobody, email });

/** The ways to approval that are open to somebody, whoever asks; but for those that only the asker's profile names. */
async function outcomeForAnybody(
  { routing, reads }: Glance,
  { org, principal, permission }: { readonly org: Org; readonly principal: Person; readonly permission: Permission },
): Promise<Outcome> {
  const [policies, settings] = await Promise.all([routing.policies(reads, org), reads.settings(org)]);
  const right = rightFacts(permission);
  const ways = policies.concerned(right).flatMap((policy) => asIfForAnybody(policy) ?? []);
  if (ways.length === 0 && policies.all.length > 0) return { kind: 'none' };
  const requestor = {
    email: principal.email,
    isMember: () => true,
    isOnCall: () => false,
    profile: () => undefined,
    lacks: () => undefined,
  } as const;
  return route(ways, settings, { requestor, right }, routing.matches);
}

function asIfForAnybody(policy: Policy): Policy | undefined {
  const { requestor } = policy;
  if (requestor.type === 'agentic') return undefined;
  const approval = policy.approval.filter(({ type }) => type === 'p0' || type === 'group' || type === 'escalation');
  return { ...policy, approval, requestor: requestor.type === 'some' ? requestor : { type: 'any' } };
}
