import { toSeconds } from '../domain/duration.ts';
import type { RequestId } from '../domain/ids.ts';
import { isSelf, type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { after } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import type { Caller } from './ports.ts';
import type { Store } from './store.ts';

/** Between two nudges, and before the first: approvers are people. */
const patience = toSeconds({ time: 10, unit: 'm' });
const mostNudges = 10;

/** Whoever waits asks the approvers to hurry: the request is put before them once more. */
export async function nudgeRequest(store: Store, caller: Caller, id: RequestId): Promise<Result<PermissionRequest>> {
  return store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    if (!isSelf(request, caller.person.id)) return reject({ code: 'not-yours' });
    if (request.state.kind !== 'pending') return reject({ code: 'already-decided', status: wireStatus(request.state), by: undefined });
    const now = await tx.now();
    if (now >= request.approvableUntil) return reject({ code: 'lapsed' });
    if ((request.nudges ?? 0) >= mostNudges) return reject({ code: 'too-many', what: 'nudges of one request', maximum: mostNudges });
    if (now < after(request.nudgedAt ?? request.createdAt, patience)) return reject({ code: 'too-soon', seconds: patience });
    await tx.waiting.nudge(actorOf(caller), request, now);
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}
