/** Cancel, Nudge, Escalate, Break glass, Extend, Relinquish, Revoke, Show password and Receipt. */
import type { Message } from '../../blocks/kit.ts';
import { rejectionMessage, rejectionView } from '../../blocks/notices.ts';
import { receipt, receiptHeading } from '../../blocks/receipt.ts';
import { secret } from '../../blocks/secret.ts';
import { escalatedReply, statusReply } from '../../blocks/replies.ts';
import { decodeExtend, decodeId } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Result } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately } from './desk.ts';
import { redrawHome } from './on-home.ts';
import type { Press } from './press.ts';
import { unreadable } from './refused.ts';

type Change = (useCases: UseCases, caller: Caller, id: RequestId) => Promise<Result<PermissionRequest>>;

export const onCancel = changing((useCases, caller, id) => useCases.cancelRequest(caller, id));
export const onNudge = changing((useCases, caller, id) => useCases.nudgeRequest(caller, id));
/** Answered each time: a press that comes too soon changes nothing under the button. */
export const onEscalate = changing((useCases, caller, id) => useCases.escalateRequest(caller, id, undefined), escalatedReply);
export const onTakeAtOnce = changing((useCases, caller, id) => useCases.breakGlass.take(caller, id));
export const onRelinquish = changing((useCases, caller, id) => useCases.relinquishGrant(caller, id));
export const onRevoke = changing((useCases, caller, id) => useCases.revokeGrant(caller, id, undefined));

/** Success needs no answer where none is given: the message under the button is redrawn, and the home tab here. */
function changing(change: Change, answer?: (request: PermissionRequest) => Message): (desk: Desk, press: Press) => Promise<void> {
  return (desk, press) => {
    const tell = privately(desk, press.userId, press.respond);
    return attempt(desk, tell, async () => {
      const said = await applied(desk, press, change, answer);
      if (said !== undefined) await tell(said);
      if (press.view?.isHome === true) await redrawHome(desk, press);
    });
  };
}

async function applied(
  desk: Desk,
  press: Press,
  change: Change,
  answer: ((request: PermissionRequest) => Message) | undefined,
): Promise<Message | undefined> {
  const caller = await desk.identities.caller(press.userId);
  if (!caller.ok) return rejectionMessage(caller.rejection);
  const id = decodeId(press.value);
  const changed = id === undefined ? unreadable(desk) : await change(desk.useCases, caller.value, id);
  return changed.ok ? answer?.(changed.value) : rejectionMessage(changed.rejection);
}

/** One press asks for more time, for the reason that was given before; the policies decide anew. The answer says what became of it. */
export function onExtend(desk: Desk, press: Press): Promise<void> {
  const tell = privately(desk, press.userId, press.respond);
  return attempt(desk, tell, async () => {
    const caller = await desk.identities.caller(press.userId);
    if (!caller.ok) return tell(rejectionMessage(caller.rejection));
    const wish = decodeExtend(press.value);
    const before = wish === undefined ? unreadable(desk) : await desk.useCases.readRequest(caller.value, wish.id);
    if (wish === undefined || !before.ok) return tell(rejectionMessage(before.ok ? { code: 'not-found' } : before.rejection));
    const asked = await desk.useCases.extendRequest(caller.value, wish.id, { duration: wish.more, reason: before.value.reason });
    await tell(asked.ok ? statusReply(asked.value) : rejectionMessage(asked.rejection));
    if (press.view?.isHome === true) await redrawHome(desk, press);
  });
}

/** The window is opened first: a password that was taken out and could not be shown would be lost. */
export function onShowSecret(desk: Desk, press: Press): Promise<void> {
  const heading = 'Your password';
  return attempt(desk, privately(desk, press.userId, press.respond), async () => {
    const opened = await openWindow(desk, press.triggerId, heading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      if (!caller.ok) return opened.show(rejectionView(heading, caller.rejection));
      const id = decodeId(press.value);
      const revealed = id === undefined ? unreadable(desk) : await desk.useCases.revealSecret(caller.value, id);
      await opened.show(revealed.ok ? secret(revealed.value) : rejectionView(heading, revealed.rejection));
    });
  });
}

/** What proves that access is gone. The target's own words are in it for those who read the audit log. */
export function onReceipt(desk: Desk, press: Press): Promise<void> {
  return attempt(desk, privately(desk, press.userId, press.respond), async () => {
    const opened = await openWindow(desk, press.triggerId, receiptHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      if (!caller.ok) return opened.show(rejectionView(receiptHeading, caller.rejection));
      const id = decodeId(press.value);
      const found = id === undefined ? unreadable(desk) : await desk.useCases.history.receipt(caller.value, id);
      await opened.show(found.ok ? receipt(found.value) : rejectionView(receiptHeading, found.rejection));
    });
  });
}
