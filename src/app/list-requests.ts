import { type Email, parseEmail } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import type { RequestPageWish } from './store.ts';

/** `before`: the id of the last request of the page before; addresses as they were sent. */
export type RequestQuery = Omit<RequestPageWish, 'of' | 'before' | 'principal' | 'requestor'> & {
  readonly principal: string | undefined;
  readonly requestor: string | undefined;
  readonly before: RequestPageWish['before'];
};

/** Newest first. Members see what they asked for or were given; owners, reviewers and viewers see everything. */
export async function listRequests(deps: DecideDeps, caller: Caller, query: RequestQuery): Promise<Result<readonly PermissionRequest[]>> {
  const principal = readEmail('principal', query.principal);
  if (!principal.ok) return principal;
  const requestor = readEmail('requestor', query.requestor);
  if (!requestor.ok) return requestor;
  const refusal = await whyNotInRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer']);
  const of = refusal === undefined ? undefined : caller.person.id;
  return accept(await deps.store.requestPage(caller.org, { ...query, principal: principal.value, requestor: requestor.value, of }));
}

function readEmail(field: string, given: string | undefined): Result<Email | undefined> {
  if (given === undefined) return accept(undefined);
  const email = parseEmail(given);
  return email === undefined ? reject({ code: 'invalid-value', field, why: 'Not an e-mail address.' }) : accept(email);
}
