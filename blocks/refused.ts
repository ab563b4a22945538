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
  const blocks = [
    paragraph(what, status.headline, ...status.details, ...(to === 'requestor' ? next(request) : [])),
    ...quotedBlocks(request),
  ];
  return message([what, status.headline], blocks);
}

/** What whoever asked can do now; what was denied says why instead. */
function next({ state }: PermissionRequest): readonly Line[] {
  if (state.kind === 'lapsed') return [line('You can ask again.')];
  return state.kind === 'approved' ? [line('You can ask again. If that fails too, tell an owner.')] : [];
}

const whoseLine = ({ requestor, principal }: PermissionRequest, to: RefusedProps['to']): Line =>
  to === 'principal' ? line(' for you, which ', bold(requestor.email), ' asked for') : line(' for ', bold(principal.email));
