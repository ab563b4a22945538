import type { PermissionRequest } from '../src/domain/request.ts';
import { type Message, message, paragraph } from './kit.ts';
import { bold, line } from './line.ts';
import { quotedBlocks, statusOf } from './status.ts';
import { isForOther, rightLine } from './words.ts';

/** DM to the requestor: there will be no access, and why. */
export function refused({ request }: { readonly request: PermissionRequest }): Message {
  const status = statusOf(request);
  const whose = isForOther(request) ? line(' for ', bold(request.principal.email)) : '';
  const what = line('No access to ', rightLine(request.permission), whose);
  const blocks = [paragraph(what, status.headline, ...status.details), ...quotedBlocks(request)];
  return message([what, status.headline], blocks);
}
