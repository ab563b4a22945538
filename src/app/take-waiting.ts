/** Break-glass access by a request that waits already: whoever asked stops waiting, by the rules of asking so at first. */
import type { RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { whyTooLong } from '../domain/settings.ts';
import { accessOf, whyNoMore } from './access-of.ts';
import { findOpening, isGivenBy, takeAtOnce, whyNotInEmergency } from './break-glass.ts';
import type { DecideDeps } from './decide-request.ts';
import { whyOnHold } from './panics.ts';
import type { Caller } from './ports.ts';
import { findCover } from './pre-approvals.ts';
import { isSame } from './repeated-request.ts';
import { routeByVersion } from './routing.ts';
import type { Transaction } from './store.ts';
import { decideByPolicy, decideByPreApproval, isThere, whyNotAsk } from './submit-request.ts';

export async function takeWaiting(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    await tx.lockPerson(caller.org, caller.person.id);
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    const refusal = await whyNotTake(tx, caller, request);
    if (refusal !== undefined) return reject(refusal);
    // Pressed twice is taken once.
    if (request.breakGlass !== undefined) return accept(request);
    return take(deps, tx, caller, request);
  });
}

async function whyNotTake(tx: Transaction, caller: Caller, request: PermissionRequest): Promise<Rejection | undefined> {
  const { person, keyMakers = [] } = caller;
  const { state, reason } = request;
  // Whoever else made the key may hold a copy of it, and must be on record with the request: then they do not review it either.
  const isOwn = request.requestor.id === person.id && keyMakers.every((each) => each === person.id || request.keyMakers.includes(each));
  if (!isOwn) return { code: 'not-yours' };
  if (state.kind !== 'pending')
    return request.breakGlass === undefined ? { code: 'already-decided', status: wireStatus(state), by: undefined } : undefined;
  if ((await tx.now()) >= request.approvableUntil) return { code: 'lapsed' };
  if (request.extension !== undefined) return { code: 'no-break-glass' };
  return whyNotInEmergency({ to: request.principal.email, reason, hours: undefined }, person);
}

async function take(deps: DecideDeps, tx: Transaction, caller: Caller, request: PermissionRequest): Promise<Result<PermissionRequest>> {
  const { org, principal, permission } = request;
  const settings = await tx.settings(org);
  const account = deps.integrations.byName(permission.integration)?.accountOf(principal.email);
  if (account === undefined) return reject({ code: 'not-configured', what: `The target ${permission.integration}` });
  if (!account.ok) return account;
  const refusal = whyTooLong(request.asked, settings) ?? (await whyOnHold(tx, org, [principal.id], permission));
  if (refusal !== undefined) return reject(refusal);
  const access = await accessOf(tx, org, principal);
  if (access.some((each) => isSame(each.permission, permission) && isThere(each, undefined))) return reject({ code: 'standing-exists' });
  const routed = await routeByVersion(deps.routing, tx, request);
  const cover = await findCover(deps, tx, request, routed.outcome);
  const isGiven = cover !== undefined || isGivenBy(routed);
  // Policies may have changed since it was asked for: what they give without anybody's word, they give on their own terms.
  const unfit = isGiven ? (whyNotAsk(routed.outcome, request, cover !== undefined) ?? whyNoMore(access)) : undefined;
  if (unfit !== undefined) return reject(unfit);
  const opening = isGiven ? undefined : await findOpening(deps.routing, tx, request, routed);
  if (opening?.ok === false) return opening;
  if (!(await tx.claimAccount(org, permission.integration, account.value, principal.id)))
    return reject({ code: 'account-unusable', account: account.value });
  const now = await tx.now();
  // What nobody has to decide any more is given in the usual way, and nothing is owed for it.
  if (opening !== undefined) await takeAtOnce(tx, caller, request, opening.value, account.value, now);
  else if (cover !== undefined) await decideByPreApproval(tx, request, cover, routed.version, account.value, now);
  else await decideByPolicy(tx, request, routed, settings, account.value, now, undefined);
  return accept((await tx.request(org, request.id)) ?? request);
}
