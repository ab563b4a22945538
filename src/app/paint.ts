import { describeApprovers } from '../domain/approval-path.ts';
import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { extensionDurations, handiestExtension } from '../domain/extension.ts';
import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, type Result } from '../domain/result.ts';
import type { Outcome } from '../domain/route.ts';
import { allowedDurations, type Settings } from '../domain/settings.ts';
import { mostInstead } from './break-glass.ts';
import type { DecideDeps } from './decide-request.ts';
import { whomToEscalateTo } from './escalate-request.ts';
import type { Caller, Integrations, Picture } from './ports.ts';
import { readRequest } from './read-requests.ts';
import { pictureDigest, policiesOf, routeByVersion, type Router, type RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type PaintDeps = {
  readonly store: Store;
  readonly integrations: Integrations;
  readonly router: Router;
  readonly routing: RoutingDeps;
};

/** The same for one person, who may read the request. */
export async function pictureOf(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<Picture>> {
  const found = await readRequest(deps, caller, id);
  return found.ok ? accept((await paint(deps, found.value)).picture) : found;
}

/**
 * What messages and windows show of a request, as it is now, and what policies make of it.
 * @throws where it cannot be told now who may approve
 */
export async function paint(
  deps: PaintDeps,
  request: PermissionRequest,
): Promise<{ readonly picture: Picture; readonly outcome: Outcome }> {
  const { permission, principal, org } = request;
  const routed = await routeByVersion(deps.routing, deps.store, request);
  const { outcome, settings } = routed;
  // What has to be configured first is not waited for: the message then names nobody who could decide.
  if (request.state.kind === 'pending' && outcome.kind === 'unavailable' && outcome.isConfigured)
    throw new Error(`cannot tell who may approve: ${outcome.what} does not answer`);
  const integration = deps.integrations.byName(permission.integration);
  const account = integration?.accountOf(principal.email);
  const target =
    account?.ok === true ? { accessType: permission.accessType, resource: permission.resource, account: account.value } : undefined;
  const picture = {
    request,
    choice:
      request.state.kind === 'pending'
        ? { durations: offeredDurations(request, settings), digest: pictureDigest(request, outcome) }
        : undefined,
    policies: policiesOf(outcome),
    history: request.state.kind === 'pending' ? await deps.store.pastUse(request) : undefined,
    approvers: outcome.kind === 'ask' ? [...new Set(outcome.paths.map(describeApprovers))] : [],
    usage: target === undefined ? undefined : integration?.usage(target),
    extendBy: handiestExtension(request, allowedDurations(settings), toSeconds(settings.maxAccess)),
    narrower: request.state.kind === 'pending' && request.extension === undefined ? (integration?.narrower(permission) ?? []) : [],
    takeAtOnce: await mostInstead(deps, request, routed),
    canEscalate: request.state.kind === 'pending' && whomToEscalateTo(deps.routing, request, outcome) !== undefined,
    secretWaits: target !== undefined && (await deps.store.secretWaits(org, permission.integration, target.account)),
  };
  return { picture, outcome };
}

/** What can be chosen without being refused for its length. */
function offeredDurations({ extension }: PermissionRequest, settings: Settings): readonly DurationSeconds[] {
  const presets = allowedDurations(settings);
  return extension === undefined ? presets : extensionDurations(extension, presets, toSeconds(settings.maxAccess));
}
