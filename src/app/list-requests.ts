import { type Email, parseEmail } from '../domain/ids.ts';
import { isSelf, type PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import { takeGlance } from './glance.ts';
import type { Caller } from './ports.ts';
import { routeByVersion, whyNotDecide } from './routing.ts';
import type { RequestPageWish } from './request-page.ts';

/** `before`: the id of the last request of the page before; addresses as they were sent. */
export type RequestQuery = Omit<RequestPageWish, 'of' | 'orPending' | 'before' | 'principal' | 'requestor'> & {
  readonly principal: string | undefined;
  readonly requestor: string | undefined;
  readonly before: RequestPageWish['before'];
};

/** So many are read at once where not all that are read are shown. */
const atOnce = 100;

/** Newest first. Members see what they asked for or were given, and what waits for their decision; owners, reviewers and viewers see everything. */
export async function listRequests(deps: DecideDeps, caller: Caller, query: RequestQuery): Promise<Result<readonly PermissionRequest[]>> {
  const principal = readEmail('principal', query.principal);
  if (!principal.ok) return principal;
  const requestor = readEmail('requestor', query.requestor);
  if (!requestor.ok) return requestor;
  const refusal = await whyNotInRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer']);
  const wish = { ...query, principal: principal.value, requestor: requestor.value, of: undefined, orPending: false };
  return accept(refusal === undefined ? await deps.store.requestPage(caller.org, wish) : await ownAndDecidable(deps, caller, wish));
}

async function ownAndDecidable(
  { store, routing }: DecideDeps,
  caller: Caller,
  wish: RequestPageWish,
): Promise<readonly PermissionRequest[]> {
  const glance = takeGlance(routing, store);
  const mayDecide = async (request: PermissionRequest): Promise<boolean> => {
    const { outcome } = await routeByVersion(glance.routing, glance.reads, request);
    return (await whyNotDecide(glance.routing, glance.reads, request, outcome, caller)) === undefined;
  };
  const found: PermissionRequest[] = [];
  let { before } = wish;
  for (;;) {
    const some = await store.requestPage(caller.org, { ...wish, of: caller.person.id, orPending: true, before, limit: atOnce });
    for (const request of some) {
      if (isSelf(request, caller.person.id) || (await mayDecide(request))) found.push(request);
      if (found.length === wish.limit) return found;
    }
    before = some.at(-1)?.id;
    if (some.length < atOnce) return found;
  }
}

function readEmail(field: string, given: string | undefined): Result<Email | undefined> {
  if (given === undefined) return accept(undefined);
  const email = parseEmail(given);
  return email === undefined ? reject({ code: 'invalid-value', field, why: 'Not an e-mail address.' }) : accept(email);
}
