import type { KnownBlock } from '@slack/types';
import type { Several, SummarySlot } from '../src/domain/burst.ts';
import { counted } from '../src/domain/counted.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { type Message, fence, message, paragraph } from './kit.ts';
import { type Line, bold, line, words } from './line.ts';
import { statusOf, whenGone } from './status.ts';
import { rightLine } from './words.ts';

export type SeveralProps = { readonly several: Several; readonly what: SummarySlot };

const mostCommands = 5;

/** DM to the principal, in place of one for each: what they were given, what ends soon, or what has ended, as it is now. */
export function several({ several: all, what }: SeveralProps): Message {
  const { total, requests, commands = [] } = all;
  const rows = requests.map((request) => row(request, what));
  const more = total - requests.length;
  // There is nothing to extend where all that was to end has ended, or goes on.
  const note = line(more > 0 ? `and ${more} more. ` : '', what === 'warnings' && all.live === 0 ? whatIsLeft : notes[what]);
  const usage =
    what === 'accesses' && commands.length > 0
      ? [paragraph(words('Use them with:')), fence(commands.slice(0, mostCommands).join('\n'))]
      : [];
  const heading = headings[what](all);
  const blocks: KnownBlock[] = [paragraph(heading), ...(rows.length === 0 ? [] : [paragraph(...rows)]), ...usage, paragraph(note)];
  return message([heading, ...rows.slice(0, 5)], blocks);
}

const rights = (total: number): Line => bold(counted(total, 'right'));
const headings: Readonly<Record<SummarySlot, (all: Several) => Line>> = {
  accesses: ({ total }) => line('🟢 ', rights(total), total === 1 ? ' was given to you' : ' were given to you'),
  warnings({ total, live }) {
    if (live === 0) return line('⚪ ', rights(total), total === 1 ? ' of yours was to end soon' : ' of yours were to end soon');
    const some = live === total ? rights(total) : line(bold(`${live}`), ' of ', rights(total));
    return line('⏰ ', some, ' of yours ', live === 1 ? 'ends' : 'end', ' soon');
  },
  endings: ({ total }) => line('⚪ ', rights(total), ' of yours ', total === 1 ? 'has ended' : 'have ended'),
};
const whatIsLeft = 'Your home tab shows what you still have.';
const notes: Readonly<Record<SummarySlot, string>> = {
  accesses: 'Your home tab shows what you have, with buttons to extend it or to give it back.',
  warnings: 'Your home tab has a button to extend each, where policies let you, and one to give it back.',
  endings: whatIsLeft,
};

function row(request: PermissionRequest, what: SeveralProps['what']): Line {
  const { headline } = statusOf(request);
  const gone = what === 'endings' ? whenGone(request) : [];
  return line('• ', rightLine(request.permission), ': ', headline, gone);
}
