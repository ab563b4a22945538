import { longestChain } from '../domain/extension.ts';
import type { Grant } from '../domain/grant.ts';
import type { RequestId } from '../domain/ids.ts';
import { type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import { whyNotDecide } from './routing.ts';
import type { EarlyEnd, Transaction } from './store.ts';

/**
 * Takes access away before its time, with all its extensions. The grants are only marked here; the reconciler removes
 * them and says so once the target was seen without them. Asking again while it is under way is not an error.
 */
export function revokeGrant(
  deps: DecideDeps,
  caller: Caller,
  id: RequestId,
  reason: string | undefined,
): Promise<Result<PermissionRequest>> {
  const end: EarlyEnd = { kind: 'revoked', by: caller.person.id, reason };
  return endGrant(deps, caller, id, end, (tx, request) => whyNotRevoke(deps, tx, caller, request));
}

/** The principal gives access back. */
export function relinquishGrant(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  const isPrincipal = (request: PermissionRequest) => request.principal.id === caller.person.id;
  return endGrant(deps, caller, id, { kind: 'relinquished' }, async (_, request) =>
    isPrincipal(request) ? undefined : { code: 'not-yours' },
  );
}

/**
 * Who may is asked before what state it is in: the state is nobody else's business. To people a chain of extensions is
 * one access, and the id they know may be of a part that has ended: whatever of it is live is ended.
 */
async function endGrant(
  deps: DecideDeps,
  caller: Caller,
  id: RequestId,
  end: EarlyEnd,
  whyNot: (tx: Transaction, request: PermissionRequest) => Promise<Rejection | undefined>,
): Promise<Result<PermissionRequest>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    const refusal = await whyNot(tx, request);
    if (refusal !== undefined) return reject(refusal);
    // Whoever names a request that gave nothing does not mean the access that it asked to extend.
    if (request.state.kind !== 'approved') return reject(notRevocable(request));
    const chain = await tx.requests(caller.org, { kind: 'chain', first: request.extension?.first ?? request.id }, longestChain);
    const live = chain.flatMap((part) => {
      const grant = liveGrant(part);
      return grant === undefined ? [] : [{ part, grant }];
    });
    if (live.length === 0) return reject(notRevocable(request));
    for (const { part, grant } of live) await tx.endGrant(actorOf(caller), part, grant.id, end);
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

/** Owners and security reviewers may, the requestor may, and whoever could approve it now. */
async function whyNotRevoke(deps: DecideDeps, tx: Transaction, caller: Caller, request: PermissionRequest): Promise<Rejection | undefined> {
  const { person } = caller;
  if (person.id === request.requestor.id || person.id === request.principal.id) return undefined;
  if ((await whyNotInRole(deps.routing, tx, caller, ['owner', 'manager'])) === undefined) return undefined;
  return whyNotDecide(deps.routing, tx, request, await deps.router(tx, request), caller);
}

/** A grant that is ending already counts: taking it again changes nothing and refuses nothing. */
function liveGrant(request: PermissionRequest): Grant | undefined {
  if (request.state.kind !== 'approved') return undefined;
  const { grant } = request.state;
  switch (grant.state.kind) {
    case 'planned':
    case 'active':
    case 'ending':
      return grant;
    case 'ended':
    case 'failed':
      return undefined;
  }
}

const notRevocable = (request: PermissionRequest): Rejection => ({ code: 'not-revocable', status: wireStatus(request.state) });
