import { digestOf } from '../domain/digest.ts';
import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { extensionDurations } from '../domain/extension.ts';
import type { Org, RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { allowedDurations, type Settings } from '../domain/settings.ts';
import { describeApprovers } from '../domain/approval-path.ts';
import type { Integrations, MessageRef, Messenger, Picture, Slot } from './ports.ts';
import { pageOnCall, waitsForPage } from './page-on-call.ts';
import { pictureDigest, type Router, type RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type NotifyDeps = {
  readonly store: Store;
  readonly org: Org;
  readonly messenger: Messenger;
  readonly integrations: Integrations;
  readonly router: Router;
  readonly routing: RoutingDeps;
};

/**
 * Brings every message of a request to what the database says now: posts what is missing, redraws what differs.
 * Which event asked for it does not matter, so losing, doubling or reordering wake-ups is harmless.
 * @throws where a message could not be brought up to date; the outbox lines stay, and it is tried again.
 */
export async function notifyRequest(deps: NotifyDeps, id: RequestId): Promise<void> {
  for (;;) {
    const claim = await deps.store.claimNotices(deps.org, id);
    // Somebody else is at it, and looks for newer lines before they stop.
    if (claim === undefined) return;
    const failure = await converge(deps, id).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const left = await deps.store.releaseNotices(deps.org, id, claim, failure === undefined ? claim.lines : []);
    if (failure !== undefined) throw failure.error;
    if (left === 0) return;
  }
}

async function converge(deps: NotifyDeps, id: RequestId): Promise<void> {
  const failures: unknown[] = [];
  const found = await deps.store.request(deps.org, id);
  if (found !== undefined && waitsForPage(found)) await pageOnCall(deps, found).catch((error: unknown) => failures.push(error));
  const request = found !== undefined && waitsForPage(found) ? await deps.store.request(deps.org, id) : found;
  if (request === undefined) return;
  const picture = await paint(deps, request);
  const shown = digestOf(picture);
  const posted = new Map((await deps.store.messages(deps.org, id)).map((message) => [message.slot, message]));
  for (const slot of wanted(request, new Set(posted.keys()))) {
    const known = posted.get(slot);
    if (known?.shown === shown) continue;
    try {
      const ref = await bring(deps.messenger, slot, known?.ref, picture);
      await deps.store.keepMessage(deps.org, id, slot, ref, shown);
    } catch (error) {
      // One person who cannot be reached must not keep the others in the dark.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function bring(messenger: Messenger, slot: Slot, ref: MessageRef | undefined, picture: Picture): Promise<MessageRef> {
  if (ref === undefined) return messenger.post(slot, picture);
  await messenger.redraw(slot, ref, picture);
  return ref;
}

/** The messages that should exist in this state. One that exists already is always kept true. */
function wanted(request: PermissionRequest, posted: ReadonlySet<Slot>): readonly Slot[] {
  const { state } = request;
  const grant = state.kind === 'approved' ? state.grant.state : undefined;
  const slots: Slot[] = ['request'];
  // What nobody has to decide is not put before approvers.
  if (state.kind === 'pending' || posted.has('approval')) slots.unshift('approval');
  if (request.escalation !== undefined && (state.kind === 'pending' || posted.has('escalation'))) slots.push('escalation');
  if (grant?.kind === 'active' || posted.has('access')) slots.push('access');
  // Where an extension took over, the access has not ended; the extension's own message tells when it does.
  if (grant?.kind === 'ended' && (request.extendedUntil === undefined || posted.has('ended'))) slots.push('ended');
  if (state.kind === 'denied' || state.kind === 'lapsed' || grant?.kind === 'failed') slots.push('refused');
  return slots;
}

async function paint(deps: NotifyDeps, request: PermissionRequest): Promise<Picture> {
  const { permission, principal, org } = request;
  const [settings, outcome] = await Promise.all([deps.store.settings(org), deps.router(deps.store, request)]);
  // What has to be configured first is not waited for: the message then names nobody who could decide.
  if (request.state.kind === 'pending' && outcome.kind === 'unavailable' && outcome.isConfigured)
    throw new Error(`cannot tell who may approve: ${outcome.what} does not answer`);
  const integration = deps.integrations.byName(permission.integration);
  const account = integration?.accountOf(principal.email);
  const target =
    account?.ok === true ? { accessType: permission.accessType, resource: permission.resource, account: account.value } : undefined;
  return {
    request,
    choice:
      request.state.kind === 'pending'
        ? { durations: offeredDurations(request, settings), digest: pictureDigest(request, outcome) }
        : undefined,
    approvers: outcome.kind === 'ask' ? [...new Set(outcome.paths.map(describeApprovers))] : [],
    usage: target === undefined ? undefined : integration?.usage(target),
    secretWaits: target !== undefined && (await deps.store.secretWaits(org, permission.integration, target.account)),
  };
}

/** What can be chosen without being refused for its length. */
function offeredDurations({ extension }: PermissionRequest, settings: Settings): readonly DurationSeconds[] {
  const presets = allowedDurations(settings);
  return extension === undefined ? presets : extensionDurations(extension, presets, toSeconds(settings.maxAccess));
}
