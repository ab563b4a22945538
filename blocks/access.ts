import type { KnownBlock } from '@slack/types';
import type { DurationSeconds } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { extendButton, relinquishButton, secretButton } from './buttons.ts';
import { type Message, actions, fence, message, paragraph } from './kit.ts';
import { bold, line, words } from './line.ts';
import { hoursLine, lastsUntil, statusOf } from './status.ts';
import { blockIds } from './wire.ts';
import { rightLine } from './words.ts';

export type AccessProps = {
  readonly request: PermissionRequest;
  readonly usage: { readonly command: string; readonly account: string } | undefined;
  /** A password waits to be shown, once. */
  readonly secretWaits: boolean;
  /** How much more one press asks for; undefined where nothing can be added. */
  readonly extendBy?: DurationSeconds | undefined;
};

/** DM to the principal: the access, how to use it, how to give it back. No secret is ever in it. */
export function access({ request, usage, secretWaits, extendBy }: AccessProps): Message {
  const given = request.state.kind === 'approved' ? request.state.grant : undefined;
  const [grant, hours] = [given?.state, given?.hours];
  const right = rightLine(request.permission);
  if (grant?.kind !== 'active') {
    const lines = [line('Your access to ', right), statusOf(request).headline];
    return message(lines, [paragraph(...lines)]);
  }
  const { headline } = statusOf(request);
  if (hours !== undefined && hours.state !== 'open') {
    const lines = [line('Your access to ', right), headline, hoursLine(hours)];
    return message(lines, [paragraph(...lines), actions(blockIds.access, [relinquishButton(request)])]);
  }
  const lines = [
    line(request.extension === undefined ? 'You have access: ' : 'Your access goes on: ', right),
    hours === undefined ? line('🟢 ', bold('Active'), ' until ', lastsUntil(request, grant.expiresAt)) : headline,
    ...(hours === undefined ? [] : [hoursLine(hours)]),
  ];
  const blocks: KnownBlock[] = [
    paragraph(...lines),
    ...(usage === undefined ? [] : [paragraph(words('Use it with:')), fence(usage.command)]),
    actions(blockIds.access, [
      ...(secretWaits ? [secretButton(request)] : []),
      ...(extendBy === undefined ? [] : [extendButton(request, extendBy)]),
      relinquishButton(request),
    ]),
  ];
  return message(lines, blocks);
}
