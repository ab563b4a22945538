/** Approve and Give less, in the channel and in the review window. */
import { noticeView, rejectionMessage, rejectionView } from '../../blocks/notices.ts';
import { agreedReply, statusReply } from '../../blocks/replies.ts';
import { review } from '../../blocks/review.ts';
import { window } from '../../blocks/kit.ts';
import { actionIds, blockIds, decodeDecision, decodeDuration, decodeId, decodeNarrow, noticeId } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { RequestId } from '../domain/ids.ts';
import { attempt, type Desk, openWindow, privately, windowOf, type Window } from './desk.ts';
import { refreshHome } from './on-home.ts';
import { chosen, type Press } from './press.ts';
import { unreadable } from './refused.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

const heading = 'Review request';

/** A decision needs no answer: the message under the button is redrawn. A yes that is not enough may change nothing there. */
export function onApprove(desk: Desk, press: Press): Promise<void> {
  const tell = privately(desk, press.userId, press.respond);
  return attempt(desk, tell, async () => {
    const shown = decodeDecision(press.value);
    const caller = await desk.identities.caller(press.userId);
    if (!caller.ok) return tell(rejectionMessage(caller.rejection));
    // Where Slack sends no state, nothing was chosen: the one asked for stands.
    const duration = decodeDuration(chosen(press.values, blockIds.decision, actionIds.duration));
    const decided =
      shown === undefined
        ? unreadable(desk)
        : await desk.useCases.decideRequest(caller.value, shown.id, { kind: 'approve', duration, digest: shown.digest });
    if (!decided.ok) await tell(rejectionMessage(decided.rejection));
    else if (decided.value.state.kind === 'pending') await tell(agreedReply(decided.value));
  });
}

/** From the home tab: the request in a window, to be decided there. */
export function onReview(desk: Desk, press: Press): Promise<void> {
  return attempt(desk, privately(desk, press.userId, press.respond), async () => {
    const opened = await openWindow(desk, press.triggerId, heading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      if (!caller.ok) return opened.show(rejectionView(heading, caller.rejection));
      await showReview(desk, opened, caller.value, decodeId(press.value));
    });
  });
}

async function showReview(desk: Desk, { show }: Window, caller: Caller, id: RequestId | undefined): Promise<void> {
  const found = id === undefined ? unreadable(desk) : await desk.useCases.pictureOf(caller, id);
  await show(found.ok ? review(found.value) : rejectionView(heading, found.rejection));
}

/** An approver chooses less; the message, or the window, then shows that, and is what they approve. */
export function onNarrow(desk: Desk, press: Press): Promise<void> {
  const opened = press.view === undefined ? undefined : windowOf(desk, press.view.id, heading);
  const tell = opened?.tell ?? privately(desk, press.userId, press.respond);
  return attempt(desk, tell, async () => {
    const caller = await desk.identities.caller(press.userId);
    if (!caller.ok) return tell(rejectionMessage(caller.rejection));
    const wish = decodeNarrow(press.value);
    const changed = wish === undefined ? unreadable(desk) : await desk.useCases.narrowRequest(caller.value, wish.id, wish.to);
    if (!changed.ok) await tell(rejectionMessage(changed.rejection));
    else if (opened !== undefined) await showReview(desk, opened, caller.value, changed.value.id);
  });
}

/** The review window's Approve. */
export async function onReviewSubmitted(desk: Desk, { userId, values, metadata }: Submission): Promise<SubmissionAnswer> {
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return { kind: 'done', view: rejectionView(heading, caller.rejection) };
  const shown = decodeDecision(metadata);
  if (shown === undefined) return { kind: 'done', view: noticeView(heading, 'There is no such request.') };
  const duration = decodeDuration(chosen(values, blockIds.duration, actionIds.duration));
  const decided = await desk.useCases.decideRequest(caller.value, shown.id, { kind: 'approve', duration, digest: shown.digest });
  if (!decided.ok) return { kind: 'done', view: rejectionView(heading, decided.rejection) };
  const reply = decided.value.state.kind === 'pending' ? agreedReply(decided.value) : statusReply(decided.value);
  const view = window(heading, reply.blocks, noticeId);
  return { kind: 'done', view, after: () => refreshHome(desk, userId) };
}
