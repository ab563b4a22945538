import { nextGroupsOf } from '../domain/next-groups.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Outcome } from '../domain/route.ts';
import type { Instant } from '../domain/time.ts';
import { paint, type PaintDeps } from './paint.ts';
import { usablePaths } from './routing.ts';

/** When the next group is asked if nobody answers; undefined: never. */
export const nextGroupTime = (request: PermissionRequest, outcome: Outcome): Instant | undefined =>
  request.state.kind === 'pending' ? nextGroupsOf(request, usablePaths(request, outcome))?.at : undefined;

/** As {@link paint}, after the next group was asked where it is time for that: its members may decide from then on. */
export async function paintAsked(
  deps: PaintDeps,
  seen: PermissionRequest,
): Promise<Awaited<ReturnType<typeof paint>> & { readonly request: PermissionRequest }> {
  const painted = await paint(deps, seen);
  const due = nextGroupTime(seen, painted.outcome);
  if (due === undefined || (await deps.store.now()) < due) return { ...painted, request: seen };
  const request = (await askNextGroup(deps, seen)) ?? seen;
  return { ...(await paint(deps, request)), request };
}

/** One step at a time, decided by what is on record under the request's lock. */
async function askNextGroup({ store, router }: PaintDeps, { org, id }: PermissionRequest): Promise<PermissionRequest | undefined> {
  await store.transaction(async (tx) => {
    const request = await tx.lockRequest(org, id);
    if (request?.state.kind !== 'pending') return;
    const at = await tx.now();
    const next = nextGroupsOf(request, usablePaths(request, await router(tx, request)));
    if (next === undefined || at < next.at || at >= request.approvableUntil) return;
    await tx.waiting.askGroups({ kind: 'system' }, request, { ...next, at });
  });
  return store.request(org, id);
}
