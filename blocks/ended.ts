import type { PermissionRequest } from '../src/domain/request.ts';
import { receiptButton } from './buttons.ts';
import { actions, type Message, message, paragraph } from './kit.ts';
import { line } from './line.ts';
import { quotedBlocks, statusOf } from './status.ts';
import { blockIds } from './wire.ts';
import { rightLine } from './words.ts';

/** DM to the principal: what has ended, why, and when it was seen to be gone. */
export function ended({ request }: { readonly request: PermissionRequest }): Message {
  const status = statusOf(request);
  const what = line('Your access to ', rightLine(request.permission), ' has ended');
  const blocks = [
    paragraph(what, status.headline, ...status.details),
    ...quotedBlocks(request),
    actions(blockIds.ended, [receiptButton(request)]),
  ];
  return message([what, status.headline], blocks);
}
