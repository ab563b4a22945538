import type { RequestId } from '../domain/ids.ts';
import { isSelf, type PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import { whyNotDecide } from './routing.ts';
import type { Submitted } from './use-cases.ts';

const shownAtMost = 20;

/** A request the caller may read; one they may not reads as one that does not exist. */
export async function readRequest(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  const request = await deps.store.request(caller.org, id);
  if (request === undefined || !(await mayRead(deps, caller, request))) return reject({ code: 'not-found' });
  return accept(request);
}

/** The request and what the answer to its command says beside it. */
export async function pollRequest(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<Submitted>> {
  const found = await readRequest(deps, caller, id);
  if (!found.ok) return found;
  const { state } = found.value;
  const isPersistent = state.kind === 'approved' && state.grant.standing;
  return accept({ request: found.value, isPersistent, ...(await deps.store.history.circumstances(caller.org, id)) });
}

async function mayRead(deps: DecideDeps, caller: Caller, request: PermissionRequest): Promise<boolean> {
  if (isSelf(request, caller.person.id)) return true;
  if ((await whyNotInRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer'])) === undefined) return true;
  return mayDecide(deps, caller, request);
}

async function mayDecide(deps: DecideDeps, caller: Caller, request: PermissionRequest): Promise<boolean> {
  const outcome = await deps.router(deps.store, request);
  return (await whyNotDecide(deps.routing, deps.store, request, outcome, caller)) === undefined;
}

export const ownRequests = (deps: DecideDeps, caller: Caller): Promise<readonly PermissionRequest[]> =>
  deps.store.requests(caller.org, { kind: 'of', person: caller.person.id }, shownAtMost);
