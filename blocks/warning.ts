import type { DurationSeconds } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { extendButton, relinquishButton } from './buttons.ts';
import { type Message, actions, message, paragraph } from './kit.ts';
import { bold, date, line } from './line.ts';
import { statusOf } from './status.ts';
import { blockIds } from './wire.ts';
import { rightLine } from './words.ts';

export type WarningProps = {
  readonly request: PermissionRequest;
  /** How much more one press asks for; undefined where nothing can be added. */
  readonly extendBy?: DurationSeconds | undefined;
};

/** DM to the principal: the access ends soon, and one press asks for more. */
export function warning({ request, extendBy }: WarningProps): Message {
  const right = rightLine(request.permission);
  const grant = request.state.kind === 'approved' ? request.state.grant.state : undefined;
  if (grant?.kind !== 'active' || request.extendedUntil !== undefined) {
    const lines = [line('Your access to ', right), statusOf(request).headline];
    return message(lines, [paragraph(...lines)]);
  }
  const lines = [line('⏰ ', bold('Ends soon'), ': ', date(grant.expiresAt)), line('Your access to ', right)];
  const note = extendBy === undefined ? [line('It cannot be extended any more; ask again after its end.')] : [];
  const buttons = [...(extendBy === undefined ? [] : [extendButton(request, extendBy)]), relinquishButton(request)];
  return message(lines, [paragraph(...lines, ...note), actions(blockIds.access, buttons)]);
}
