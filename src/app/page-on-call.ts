import { describeDuration } from '../domain/duration.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { onCallServices } from './escalate-request.ts';
import type { Router, RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type PageDeps = { readonly store: Store; readonly router: Router; readonly routing: RoutingDeps };

/** Less than the lease under which messages are posted. */
const pageDeadlineMs = 10_000;

export const waitsForPage = ({ state, escalation }: PermissionRequest): boolean =>
  state.kind === 'pending' && escalation?.isPaged === false;

/**
 * Tells whoever is on call of an escalated request. The request's id is the key by which they are told once, however often this runs.
 * @throws where an on-call integration did not take it; the others have, and it is tried again.
 */
export async function pageOnCall(deps: PageDeps, request: PermissionRequest): Promise<void> {
  const outcome = await deps.router(deps.store, request);
  const about = { key: request.id, text: pageText(request) };
  const pages = onCallServices(request, outcome).flatMap(({ integration, services }) => {
    const onCall = deps.routing.onCalls(integration);
    return onCall === undefined ? [] : [onCall.page(services, about, AbortSignal.timeout(pageDeadlineMs))];
  });
  const failed = (await Promise.allSettled(pages)).find((page) => page.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  if (pages.length > 0) await deps.store.keepPaged(request.org, request.id);
}

/** Plain text: what waits, for whom, why, and why now. */
function pageText({ requestor, principal, permission, asked, reason, escalation, id }: PermissionRequest): string {
  const { accessType, resource, integration } = permission;
  const forOther = requestor.id === principal.id ? '' : ` for ${principal.email}`;
  return [
    `${requestor.email} asks for ${accessType} ${resource} on ${integration}${forOther}, for ${describeDuration(asked)}, and waits for your decision.`,
    ...(reason === undefined ? [] : [`Reason: ${reason}`]),
    ...(escalation?.reason === undefined ? [] : [`Escalated because: ${escalation.reason}`]),
    `Request ${id}`,
  ].join('\n');
}
