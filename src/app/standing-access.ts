import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import { relinquishGrant, revokeGrant } from './end-access.ts';
import { keepStanding } from './keep-standing.ts';
import type { Caller } from './ports.ts';
import { seesAll } from './pre-approvals.ts';
import { readRequest } from './read-requests.ts';

/** Access that a `persistent` policy gave and that is not gone, each by the request that led to it. */
export type StandingAccessDoors = {
  /** The caller's own, and what they asked for; all for owners, reviewers and viewers. Newest first. */
  page(caller: Caller, before: RequestId | undefined, limit: number): Promise<Result<readonly PermissionRequest[]>>;
  read(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
  /** Gives it back, where it is the caller's own, or takes it away. Ending it again is no error. */
  end(caller: Caller, id: RequestId): Promise<Result<undefined>>;
  /** Approves it anew, for one standing access time from now: owners and reviewers, but not what is their own. Answers with the new request. */
  keep(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
};

export function createStandingAccessDoors(deps: DecideDeps, door: Doorway): StandingAccessDoors {
  return {
    page: door({ scope: 'requests:read', attempt: 'standing-access.list' }, async (caller, before, limit) => {
      const person = (await seesAll(deps, caller)) ? undefined : caller.person.id;
      return accept(await deps.store.standingAccess.page(caller.org, { person, before, limit }));
    }),
    read: door({ scope: 'requests:read', attempt: 'standing-access.read', about: ([id]) => id }, async (caller, id) => {
      const found = await readStanding(deps, caller, id);
      return found.ok && isGone(found.value) ? reject({ code: 'not-found' }) : found;
    }),
    end: door({ scope: 'requests:decide', attempt: 'standing-access.end', about: ([id]) => id }, (caller, id) => end(deps, caller, id)),
    keep: door({ scope: 'requests:decide', attempt: 'standing-access.keep', about: ([id]) => id }, (caller, id) =>
      keepStanding(deps, caller, id),
    ),
  };
}

async function end(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<undefined>> {
  const found = await readStanding(deps, caller, id);
  if (!found.ok) return found;
  const isOwn = found.value.principal.id === caller.person.id;
  const ended = isOwn ? await relinquishGrant(deps, caller, id) : await revokeGrant(deps, caller, id, undefined);
  return ended.ok || ended.rejection.code === 'not-revocable' ? accept(undefined) : ended;
}

/** Whatever is no standing access is not found here, though the request may be readable elsewhere. */
async function readStanding(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  const found = await readRequest(deps, caller, id);
  if (!found.ok) return found;
  const { state } = found.value;
  return state.kind === 'approved' && state.grant.standing ? found : reject({ code: 'not-found' });
}

const isGone = ({ state }: PermissionRequest): boolean =>
  state.kind !== 'approved' || state.grant.state.kind === 'ended' || state.grant.state.kind === 'failed';
