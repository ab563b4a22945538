import { digestOf } from '../domain/digest.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import type { Org, RequestId } from '../domain/ids.ts';
import type { ApprovalChannels } from '../domain/audience.ts';
import { nextNoticeAt, type Place, type Posting, posting, postingKey, postingsOf, usual } from '../domain/posting.ts';
import { owesReview, type PermissionRequest } from '../domain/request.ts';
import type { Outcome } from '../domain/route.ts';
import type { Instant } from '../domain/time.ts';
import { findAudience, findWitnesses } from './audience.ts';
import { nextGroupTime, paintAsked } from './ask-next-groups.ts';
import { changeHomes } from './converge-homes.ts';
import type { NoticeClaim, PostedMessage } from './notices-store.ts';
import { copiesIn, createLinks, isCopy, isOriginal } from './link-copies.ts';
import type { Integrations, Messenger, Picture } from './ports.ts';
import { type PostingTurn, settleAttempts, takeTurn, threadOf, witness } from './posting-turn.ts';
import { commandsOf, shareNotices } from './share-notices.ts';
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
    // Somebody else is at it, and looks for newer lines before they stop; or has told all that there was.
    if (claim === undefined) return;
    const turn = takeTurn(claim, (held) => deps.store.renewNotices(deps.org, id, held));
    // What falls due while it is looked at is ahead of the claim, and must be woken for.
    const outcome = await converge(deps, id, turn, claim.at).then(
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
async function converge(deps: NotifyDeps, id: RequestId, turn: PostingTurn<NoticeClaim>, since: Instant): Promise<Instant | undefined> {
  const failures: unknown[] = [];
  const found = await escalateByTime(deps, await deps.store.request(deps.org, id));
  if (found !== undefined && waitsForPage(found)) await pageOnCall(deps, found).catch((error: unknown) => failures.push(error));
  const seen = found !== undefined && waitsForPage(found) ? await deps.store.request(deps.org, id) : found;
  if (seen === undefined) return undefined;
  const { picture, outcome, request } = await paintAsked(deps, seen);
  const known = new Map((await deps.store.messages(deps.org, id)).map((message) => [postingKey(message.posting), message]));
  const doubts = await settleAttempts(deps, id, known);
  failures.push(...doubts.values());
  const audience = await findReaders(deps, request, outcome, failures);
  const now = await deps.store.now();
  const wanted = postingsOf(
    request,
    [...known.values()].map((message) => message.posting),
    audience,
    now,
  );
  const shared = await shareNotices(deps.store, request, wanted, known, doubts);
  // What is new goes first: Slack may let us post, and make us wait before we may redraw.
  const isKnown = (each: Posting): number => Number(known.has(postingKey(each)));
  const postings = shared.postings.toSorted((one, other) => isKnown(one) - isKnown(other));
  const linkOfOriginal = createLinks(deps, id, known, (error) => failures.push(error));
  const pictureFor = async (each: Posting): Promise<Picture> => {
    const several = shared.summaries.get(postingKey(each))?.several;
    const link = isCopy(each) ? await linkOfOriginal() : undefined;
    return {
      ...picture,
      ...(several === undefined ? {} : { several: { ...several, commands: commandsOf(deps.integrations, several) } }),
      ...(link === undefined ? {} : { link }),
    };
  };
  for (const each of postings) {
    const before = known.get(postingKey(each));
    if (doubts.has(postingKey(each))) continue;
    try {
      await show(deps, id, turn, each, await pictureFor(each), known);
      await shared.summaries.get(postingKey(each))?.keep();
      // What is appended is reached by this loop too.
      if (before === undefined && isOriginal(each)) postings.push(...copiesIn(postings, known));
    } catch (error) {
      const instead = error instanceof Unusable ? inUsualChannel(deps, each, error) : undefined;
      if (instead !== undefined) {
        if (!postings.some((other) => postingKey(other) === postingKey(instead))) postings.push(instead);
      } else if (error instanceof Unreachable) deps.routing.log.info({ request: id, slot: each.slot }, error.message);
      // One person who cannot be reached must not keep the others in the dark.
      else failures.push(error);
    }
  }
  await endSteps(deps, request).catch((error: unknown) => failures.push(error));
  // Last, because whom it concerns is asked for one by one, and that may take long.
  await changeHomes(deps, request, outcome).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  const asksMore = [escalationTime(request, deps.escalateAfter), nextGroupTime(request, outcome)];
  const ahead = asksMore.flatMap((at) => (at === undefined || at <= since ? [] : [at])).toSorted((a, b) => a - b);
  const [first] = ahead;
  return first !== undefined && first <= now ? first : nextNoticeAt(request, now, first);
}

/** Who reads it because it waits for them: a decision, or a review. @param failures why somebody may be missing is added */
async function findReaders(
  { store, routing, channels = new Map() }: NotifyDeps,
  request: PermissionRequest,
  outcome: Outcome,
  failures: unknown[],
): Promise<readonly Place[]> {
  if (request.state.kind === 'pending') return findAudience(routing, channels, request, outcome);
  if (!owesReview(request)) return [];
  const witnesses = await findWitnesses(store, routing, channels, request, outcome);
  failures.push(...witnesses.failures);
  return witnesses.told;
}

/** Posts one message, or redraws it where it shows something else, and remembers that. */
async function show(
  { store, org, messenger }: NotifyDeps,
  id: RequestId,
  turn: PostingTurn<NoticeClaim>,
  each: Posting,
  picture: Picture,
  known: Map<string, PostedMessage>,
): Promise<void> {
  const before = known.get(postingKey(each));
  const shown = digestOf(picture);
  if (before?.shown === shown) return;
  if (before !== undefined) await messenger.redraw(each, before.ref, picture, () => turn.hold());
  const attempt = witness(turn, {
    begin: (channel) => store.beginAttempt(org, id, each, channel),
    refused: () => store.endAttempt(org, id, each),
  });
  const ref = before?.ref ?? (await messenger.post(each, picture, threadOf(each, known), attempt));
  const message = { posting: each, ref, shown, link: before?.link };
  await store.keepMessage(org, id, message);
  known.set(postingKey(each), message);
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
