import type { PermissionRequest } from '../src/domain/request.ts';
import { type Message, message, paragraph } from './kit.ts';
import { bold, date, line } from './line.ts';
import { statusOf } from './status.ts';
import { rightLine } from './words.ts';

/** DM to the principal: the access ends soon. */
export function warning({ request }: { readonly request: PermissionRequest }): Message {
  const right = rightLine(request.permission);
  const grant = request.state.kind === 'approved' ? request.state.grant.state : undefined;
  const lines =
    grant?.kind === 'active' && request.extendedUntil === undefined
      ? [line('⏰ ', bold('Ends soon'), ': ', date(grant.expiresAt)), line('Your access to ', right)]
      : [line('Your access to ', right), statusOf(request).headline];
  return message(lines, [paragraph(...lines)]);
}
