import type { KnownBlock } from '@slack/types';
import type { Several } from '../src/domain/burst.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { type Message, fence, message, paragraph } from './kit.ts';
import { type Line, bold, line, words } from './line.ts';
import { statusOf, whenGone } from './status.ts';
import { rightLine } from './words.ts';

export type SeveralProps = { readonly several: Several; readonly what: 'accesses' | 'endings' };

const mostCommands = 5;

/** DM to the principal, in place of one for each: what they were given, or what has ended, as it is now. */
export function several({ several: { total, requests, commands = [] }, what }: SeveralProps): Message {
  const heading =
    what === 'accesses'
      ? line('🟢 ', bold(`${total} rights`), total === 1 ? ' was given to you' : ' were given to you')
      : line('⚪ ', bold(`${total} rights`), ' of yours ', total === 1 ? 'has ended' : 'have ended');
  const rows = requests.map((request) => row(request, what));
  const more = total - requests.length;
  const note =
    what === 'accesses'
      ? line(more > 0 ? `and ${more} more. ` : '', 'Your home tab shows what you have, with buttons to extend it or to give it back.')
      : line(more > 0 ? `and ${more} more. ` : '', 'Each was seen at its target. Your home tab shows what you still have.');
  const usage =
    what === 'accesses' && commands.length > 0
      ? [paragraph(words('Use them with:')), fence(commands.slice(0, mostCommands).join('\n'))]
      : [];
  const blocks: KnownBlock[] = [paragraph(heading), ...(rows.length === 0 ? [] : [paragraph(...rows)]), ...usage, paragraph(note)];
  return message([heading, ...rows.slice(0, 5)], blocks);
}

function row(request: PermissionRequest, what: SeveralProps['what']): Line {
  const { headline } = statusOf(request);
  const gone = what === 'endings' ? whenGone(request) : [];
  return line('• ', rightLine(request.permission), ': ', headline, gone);
}
