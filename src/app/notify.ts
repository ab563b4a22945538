import { digestOf } from '../domain/digest.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import type { Org, RequestId } from '../domain/ids.ts';
import type { ApprovalChannels } from '../domain/audience.ts';
import { nextNoticeAt, type Posting, posting, postingKey, postingsOf, usual } from '../domain/posting.ts';
import type { Instant } from '../domain/time.ts';
import { findAudience } from './audience.ts';
import { paint } from './paint.ts';
import type { Integrations, Messenger } from './ports.ts';
import { type PostingTurn, settleAttempts, takeTurn, threadOf, witness } from './posting-turn.ts';
import { Unreachable } from './unreachable.ts';
import { Unusable } from './unusable.ts';
import { escalateByTime, escalationTime } from './escalate-request.ts';
import { pageOnCall, waitsForPage } from './page-on-call.ts';
import type { Router, RoutingDeps } from './routing.ts';
import { endSteps } from './steps.ts';
import type { Store } from './store.ts';

export type NotifyDeps = {
  readonly store: Store;
  readonly org: Org;
  readonly messenger: Messenger;
  readonly integrations: Integrations;
  readonly router: Router;
  readonly routing: RoutingDeps;
  /** Where the approvers of single policies are asked; the others are asked in the usual channel. */
  readonly channels?: ApprovalChannels | undefined;
  /** How long a request may wait before whoever is on call is asked, where policies name them; undefined: only when its requestor wants it. */
  readonly escalateAfter?: DurationSeconds | undefined;
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
    const turn = takeTurn(deps.store, deps.org, id, claim);
    const outcome = await converge(deps, id, turn).then(
      (next) => ({ next }),
      (error: unknown) => ({ error }),
    );
    // After a failure the lines stay, and with them the memory that something is to be told.
    const left = await deps.store.releaseNotices(
      deps.org,
      id,
      turn.claim(),
      'next' in outcome ? { answered: claim.lines, next: outcome.next } : undefined,
    );
    if ('error' in outcome) throw outcome.error;
    if (left === 0) return;
  }
}

/** @returns when the messages next change although nothing happens */
async function converge(deps: NotifyDeps, id: RequestId, turn: PostingTurn): Promise<Instant | undefined> {
  const failures: unknown[] = [];
  const found = await escalateByTime(deps, await deps.store.request(deps.org, id));
  if (found !== undefined && waitsForPage(found)) await pageOnCall(deps, found).catch((error: unknown) => failures.push(error));
  const request = found !== undefined && waitsForPage(found) ? await deps.store.request(deps.org, id) : found;
  if (request === undefined) return undefined;
  const { picture, outcome } = await paint(deps, request);
  const shown = digestOf(picture);
  const known = new Map((await deps.store.messages(deps.org, id)).map((message) => [postingKey(message.posting), message]));
  const doubts = await settleAttempts(deps, id, known);
  failures.push(...doubts.values());
  const audience = request.state.kind === 'pending' ? await findAudience(deps.routing, deps.channels ?? new Map(), request, outcome) : [];
  const now = await deps.store.now();
  const postings = postingsOf(
    request,
    [...known.values()].map((message) => message.posting),
    audience,
    now,
  );
  for (const each of postings) {
    const before = known.get(postingKey(each));
    if (before?.shown === shown || doubts.has(postingKey(each))) continue;
    try {
      const ref =
        before === undefined
          ? await deps.messenger.post(each, picture, threadOf(each, known), witness(deps.store, deps.org, id, turn, each))
          : before.ref;
      if (before !== undefined) await deps.messenger.redraw(each, ref, picture, () => turn.hold());
      const message = { posting: each, ref, shown };
      await deps.store.keepMessage(deps.org, id, message);
      known.set(postingKey(each), message);
    } catch (error) {
      const instead = error instanceof Unusable ? inUsualChannel(deps, each, error) : undefined;
      // What is appended is reached by this loop too.
      if (instead !== undefined) {
        if (!postings.some((other) => postingKey(other) === postingKey(instead))) postings.push(instead);
      } else if (error instanceof Unreachable) deps.routing.log.info({ request: id, slot: each.slot }, error.message);
      // One person who cannot be reached must not keep the others in the dark.
      else failures.push(error);
    }
  }
  await endSteps(deps, request).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return nextNoticeAt(request, now, escalationTime(request, deps.escalateAfter));
}

/**
 * Where approvers are asked when the channel of their policies cannot be used: a request must not wait where nobody sees it.
 * Undefined for what goes to no such channel.
 */
function inUsualChannel({ channels, routing }: NotifyDeps, { slot, to, round }: Posting, error: Unusable): Posting | undefined {
  if (to.kind !== 'channel') return undefined;
  const policies = [...(channels ?? [])].filter(([, channel]) => channel === to.channel).map(([policy]) => policy);
  const said = { err: error, policies, channel: to.channel };
  routing.log.error(said, "a policy's own channel cannot be used; its approvers are asked in the usual one");
  return posting(slot, usual, round);
}
