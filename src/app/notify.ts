import { digestOf } from '../domain/digest.ts';
import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { extensionDurations } from '../domain/extension.ts';
import type { Org, RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { allowedDurations, type Settings } from '../domain/settings.ts';
import { describeApprovers } from '../domain/approval-path.ts';
import { nextNoticeAt, type Posting, posting, postingKey, postingsOf, usual } from '../domain/posting.ts';
import type { Instant } from '../domain/time.ts';
import type { Integrations, MessageRef, Messenger, Picture } from './ports.ts';
import { pageOnCall, waitsForPage } from './page-on-call.ts';
import { pictureDigest, type Router, type RoutingDeps } from './routing.ts';
import type { PostedMessage } from './notices-store.ts';
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
    const outcome = await converge(deps, id).then(
      (next) => ({ next }),
      (error: unknown) => ({ error }),
    );
    // After a failure the lines stay, and with them the memory that something is to be told.
    const left = await deps.store.releaseNotices(
      deps.org,
      id,
      claim,
      'next' in outcome ? { answered: claim.lines, next: outcome.next } : undefined,
    );
    if ('error' in outcome) throw outcome.error;
    if (left === 0) return;
  }
}

/** @returns when the messages next change although nothing happens */
async function converge(deps: NotifyDeps, id: RequestId): Promise<Instant | undefined> {
  const failures: unknown[] = [];
  const found = await deps.store.request(deps.org, id);
  if (found !== undefined && waitsForPage(found)) await pageOnCall(deps, found).catch((error: unknown) => failures.push(error));
  const request = found !== undefined && waitsForPage(found) ? await deps.store.request(deps.org, id) : found;
  if (request === undefined) return undefined;
  const picture = await paint(deps, request);
  const shown = digestOf(picture);
  const known = new Map((await deps.store.messages(deps.org, id)).map((message) => [postingKey(message.posting), message]));
  const now = await deps.store.now();
  const postings = postingsOf(
    request,
    [...known.values()].map((message) => message.posting),
    [usual],
    now,
  );
  for (const each of postings) {
    const before = known.get(postingKey(each));
    if (before?.shown === shown) continue;
    try {
      const ref = await bring(deps.messenger, each, before?.ref, picture, threadOf(each, known));
      const message = { posting: each, ref, shown };
      await deps.store.keepMessage(deps.org, id, message);
      known.set(postingKey(each), message);
    } catch (error) {
      // One person who cannot be reached must not keep the others in the dark.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return nextNoticeAt(request, now);
}

async function bring(
  messenger: Messenger,
  posting: Posting,
  ref: MessageRef | undefined,
  picture: Picture,
  under: MessageRef | undefined,
): Promise<MessageRef> {
  if (ref === undefined) return messenger.post(posting, picture, under);
  await messenger.redraw(posting, ref, picture);
  return ref;
}

/** A reminder stands below the message that it reminds of. */
const threadOf = ({ slot, to }: Posting, known: ReadonlyMap<string, PostedMessage>): MessageRef | undefined =>
  slot === 'reminder' ? known.get(postingKey(posting('approval', to)))?.ref : undefined;

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
