import type { PermissionRequest } from '../src/domain/request.ts';
import { type Message, message, paragraph } from './kit.ts';
import { type Line, bold, line } from './line.ts';
import { quotedBlocks, statusOf } from './status.ts';
import { isForOther, rightLine } from './words.ts';

export type RefusedProps = { readonly request: PermissionRequest; readonly to?: 'requestor' | 'principal' };

/** DM to the requestor, or to whom they asked for: there will be no access, and why. */
export function refused({ request, to = 'requestor' }: RefusedProps): Message {
  const status = statusOf(request);
  const whose = isForOther(request) ? whoseLine(request, to) : '';
  const what = line('No access to ', rightLine(request.permission), whose);
  const blocks = [paragraph(what, status.headline, ...status.details), ...quotedBlocks(request)];
  return message([what, status.headline], blocks);
}

const whoseLine = ({ requestor, principal }: PermissionRequest, to: RefusedProps['to']): Line =>
  to === 'principal' ? line(' for you, which ', bold(requestor.email), ' asked for') : line(' for ', bold(principal.email));
