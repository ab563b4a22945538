import { toSeconds } from '../domain/duration.ts';
import { longestChain, nextTermOf, planExtension } from '../domain/extension.ts';
import type { RequestId } from '../domain/ids.ts';
import { parseRecurringWindow } from '../domain/recurring-window.ts';
import { type Extension, isSelf, type PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import type { Outcome } from '../domain/route.ts';
import type { Settings } from '../domain/settings.ts';
import { after, type Instant, instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import { whyNotInRole } from './authority.ts';
import { type DecideDeps, firstHours } from './decide-request.ts';
import { whyOnHold } from './panics.ts';
import type { Caller } from './ports.ts';
import { policiesOf, routeByVersion } from './routing.ts';
import type { Transaction } from './store.ts';
import { mustRead, whyNotAsk } from './submit-request.ts';

/**
 * Approves standing access anew (decision 12): a request of its own for the same person and right, which takes over without
 * a gap and ends one standing access time from now. An owner or security reviewer says so, who gains nothing by it, and only
 * where policies still give standing access. Kept twice is kept once.
 */
export async function keepStanding(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  const { org } = caller;
  return deps.store.transaction(async (tx) => {
    const named = await tx.lockRequest(org, id);
    // Whether there is such access is nobody else's business.
    const refusal = await whyNotInRole(deps.routing, tx, caller, ['owner', 'manager']);
    if (refusal !== undefined) return reject(refusal);
    if (named?.state.kind !== 'approved' || !named.state.grant.standing) return reject({ code: 'not-found' });
    if (isOwn(named, caller)) return reject({ code: 'own-request' });
    const settings = await tx.settings(org);
    const now = await tx.now();
    const chain = await tx.requests(org, { kind: 'chain', first: named.extension?.first ?? named.id }, longestChain);
    const kept = chain.find(({ extension, state }) => extension?.of === id && state.kind === 'approved' && isOnItsWay(state));
    if (kept !== undefined) return accept(kept);
    const term = nextTermOf(named, now);
    if (!term.ok) return term;
    // A chain is no longer than what overlaps: standing access may be kept any number of times.
    const overlaps = chain.some((each) => each.id !== id && each.state.kind === 'approved' && isOnItsWay(each.state));
    const extension = overlaps ? term.value : { ...term.value, first: named.id };
    return renew(deps, tx, caller, named, extension, { settings, now });
  });
}

/** A key that somebody else made is never a second person. */
const isOwn = (request: PermissionRequest, { person, keyMakers = [] }: Caller): boolean =>
  [person.id, ...keyMakers].some((each) => isSelf(request, each) || request.keyMakers.includes(each));

const isOnItsWay = ({ grant }: Extract<PermissionRequest['state'], { kind: 'approved' }>): boolean =>
  grant.state.kind === 'planned' || grant.state.kind === 'active';

async function renew(
  deps: DecideDeps,
  tx: Transaction,
  caller: Caller,
  { permission, principal, requestor, keyMakers, reason, state }: PermissionRequest,
  extension: Extension,
  { settings, now }: { readonly settings: Settings; readonly now: Instant },
): Promise<Result<PermissionRequest>> {
  const { org } = caller;
  const onHold = await whyOnHold(tx, org, [principal.id, caller.person.id], permission);
  if (onHold !== undefined) return reject(onHold);
  const account = deps.integrations.byName(permission.integration)?.accountOf(principal.email);
  if (account === undefined) return reject({ code: 'not-configured', what: `The target ${permission.integration}` });
  if (!account.ok) return account;
  const { outcome, version } = await routeByVersion(deps.routing, tx, { org, permission, principal });
  const refusal = whyNotStanding(outcome, reason);
  if (refusal !== undefined) return reject(refusal);
  const term = toSeconds(settings.standingAccess);
  const end = after(now, term);
  if (end <= extension.until) return reject({ code: 'over-maximum', asked: term, maximum: term });
  const rules = { version, policies: policiesOf(outcome) };
  const by = { kind: 'person', person: caller.person } as const;
  const plan = planExtension(extension, end, { by, at: now, duration: term, standing: true, account: account.value, rules }, term);
  if (!plan.ok) return plan;
  const within = keptHours(state, now, end);
  if (!within.ok) return within;
  if (!(await tx.claimAccount(org, permission.integration, account.value, principal.id)))
    return reject({ code: 'account-unusable', account: account.value });
  const id = await tx.addRequest(actorOf(caller), {
    org,
    requestor,
    keyMakers,
    principal,
    permission,
    reason,
    asked: term,
    durationNamed: true,
    createdAt: now,
    approvableUntil: end,
    extension,
    outcome: outcome.kind,
    rules,
  });
  await tx.approve(actorOf(caller), await mustRead(tx, org, id), { ...plan.value, ...within.value });
  return accept(await mustRead(tx, org, id));
}

/** What is there in some hours only is kept for these, and not for all. Set up when they open, which may be after the old one has ended. */
function keptHours(state: PermissionRequest['state'], now: Instant, end: Instant): Result<Partial<Parameters<Transaction['approve']>[2]>> {
  const text = state.kind === 'approved' ? state.grant.hours?.text : undefined;
  if (text === undefined) return accept({});
  const window = parseRecurringWindow(text);
  if (!window.ok) return window;
  const { span, provisionUntil } = firstHours(window.value, now);
  const last = instant(end - 1000);
  if (span.opensAt >= last)
    return reject({ code: 'invalid-value', field: 'window', why: 'its hours do not come before the end of the new term' });
  return accept({ hours: { window: window.value, span }, provisionUntil: provisionUntil < last ? provisionUntil : last });
}

/** Where policies want people to decide by now, it ends at its time, and is asked for like anything else. */
function whyNotStanding(outcome: Outcome, reason: string | undefined): Rejection | undefined {
  const refusal = whyNotAsk(outcome, { reason, durationNamed: true }, false);
  return refusal ?? (outcome.kind === 'persistent' ? undefined : { code: 'standing-over' });
}
