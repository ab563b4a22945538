/** Cancel, Relinquish, Revoke and Show password. */
import type { Message } from '../../blocks/kit.ts';
import { rejectionMessage, rejectionView } from '../../blocks/notices.ts';
import { secret } from '../../blocks/secret.ts';
import { decodeId } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { reject, type Result } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately } from './desk.ts';
import { refreshHome } from './on-home.ts';
import type { Press } from './press.ts';

type Change = (useCases: UseCases, caller: Caller, id: RequestId) => Promise<Result<PermissionRequest>>;

export const onCancel = changing((useCases, caller, id) => useCases.cancelRequest(caller, id));
export const onRelinquish = changing((useCases, caller, id) => useCases.relinquishGrant(caller, id));
export const onRevoke = changing((useCases, caller, id) => useCases.revokeGrant(caller, id, undefined));

/** Success needs no answer: the message under the button is redrawn, and the home tab here. */
function changing(change: Change): (desk: Desk, press: Press) => Promise<void> {
  return (desk, press) => {
    const tell = privately(desk, press.userId, press.respond);
    return attempt(desk, tell, async () => {
      const refusal = await applied(desk, press, change);
      if (refusal !== undefined) await tell(refusal);
      if (press.view?.isHome === true) await refreshHome(desk, press.userId);
    });
  };
}

async function applied(desk: Desk, press: Press, change: Change): Promise<Message | undefined> {
  const caller = await desk.identities.caller(press.userId);
  if (!caller.ok) return rejectionMessage(caller.rejection);
  const id = decodeId(press.value);
  const changed = id === undefined ? reject({ code: 'not-found' }) : await change(desk.useCases, caller.value, id);
  return changed.ok ? undefined : rejectionMessage(changed.rejection);
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
      const revealed = id === undefined ? reject({ code: 'not-found' }) : await desk.useCases.revealSecret(caller.value, id);
      await opened.show(revealed.ok ? secret(revealed.value) : rejectionView(heading, revealed.rejection));
    });
  });
}
