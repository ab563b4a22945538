/** The window that shows what the policies would make of a request. */
import type { KnownBlock, ModalView } from '@slack/types';
import { type DurationSeconds, describeDuration } from '../src/domain/duration.ts';
import { paragraph, plain } from './kit.ts';
import { type Line, bold, line, onOneLine, words } from './line.ts';
import { actionIds, viewIds } from './wire.ts';
import { approversWords } from './words.ts';

export type Simulated = {
  readonly outcome: 'deny' | 'none' | 'auto' | 'persistent' | 'ask' | 'unavailable';
  readonly by: string | null;
  readonly approvers: readonly string[];
  readonly requires: { readonly reason: boolean; readonly duration: boolean; readonly preapproval: boolean };
  readonly preApproval: string | null;
  /** Whether it could be taken at once. */
  readonly breakGlass: { readonly possible: boolean | 'unknown'; readonly by: string | null; readonly atMost: DurationSeconds | null };
  /** Why such a request would be refused, in words. */
  readonly refusal: string | undefined;
  readonly policies: readonly { readonly name: string; readonly matches: boolean | 'unknown' }[];
};

export const simulationHeading = 'Try a request';
export const simulationBlocks = { who: 'try_who', right: 'try_right', at: 'try_at' } as const;
const mostPolicies = 10;

/** `asked`: what the answer is about, because the fields may have changed by then. */
export const simulationForm = (answer: { readonly asked: string; readonly result: Simulated } | undefined): ModalView => ({
  type: 'modal',
  callback_id: viewIds.simulation,
  title: plain(simulationHeading, 24),
  submit: plain('Try', 24),
  close: plain('Close', 24),
  blocks: [...(answer === undefined ? [] : answerBlocks(answer.asked, answer.result)), ...fields],
});

const fields: KnownBlock[] = [
  {
    type: 'input',
    block_id: simulationBlocks.who,
    label: plain('Who gets the access?', 2000),
    element: { type: 'users_select', action_id: actionIds.tryWho, placeholder: plain('Choose a person', 150) },
  },
  {
    type: 'input',
    block_id: simulationBlocks.right,
    label: plain('What do they ask for?', 2000),
    hint: plain('As after “request” in the command; --reason and --duration may follow.', 2000),
    element: {
      type: 'plain_text_input',
      action_id: actionIds.tryRight,
      max_length: 1000,
      placeholder: plain('pg role readonly --duration 1h', 150),
    },
  },
  {
    type: 'input',
    block_id: simulationBlocks.at,
    label: plain('When?', 2000),
    hint: plain('Now, if you leave it empty. Only pre-approvals are known for another time; the rest is as it is now.', 2000),
    optional: true,
    element: { type: 'datetimepicker', action_id: actionIds.tryAt },
  },
];

function answerBlocks(asked: string, result: Simulated): KnownBlock[] {
  const { refusal, policies, requires } = result;
  const wanted = [
    ...(requires.reason ? ['a reason'] : []),
    ...(requires.duration ? ['a duration'] : []),
    ...(requires.preapproval ? ['a pre-approval'] : []),
  ];
  const named = policies
    .slice(0, mostPolicies)
    .map(({ name, matches }) => line('• ', bold(name), matches === 'unknown' ? ' (cannot be told now)' : ''));
  const left = policies.length - named.length;
  return [
    paragraph(
      line(bold(asked)),
      outcomeLine(result),
      ...(wanted.length === 0 ? [] : [words(`It needs ${wanted.join(' and ')}.`)]),
      ...emergencyLines(result),
      ...(refusal === undefined || isSaid(result) ? [] : [line('🚫 Asked like this it is refused: ', onOneLine(refusal, 300))]),
      ...(named.length === 0 ? [words('No policy matches.')] : [words('Policies that match:'), ...named]),
      ...(left > 0 ? [words(`and ${left} more`)] : []),
    ),
    { type: 'divider' },
  ];
}

/** Where nobody has to be gone around, nothing need be said of it. */
function emergencyLines({ breakGlass: { possible, by, atMost }, outcome, preApproval }: Simulated): readonly Line[] {
  if (possible === 'unknown') return [words('🚨 Whether they may break glass cannot be told now.')];
  if (possible && by !== null && atMost !== null)
    return [
      line(
        '🚨 In an emergency they may take it at once, with a reason, for at most ',
        describeDuration(atMost),
        ' (policy ',
        bold(by),
        ').',
      ),
    ];
  return outcome === 'ask' && preApproval === null ? [words('They cannot take it at once: no policy that matches has break-glass.')] : [];
}

/** The outcome itself says that it is refused, and by what. */
const isSaid = ({ outcome, preApproval }: Simulated): boolean => preApproval === null && (outcome === 'deny' || outcome === 'none');

function outcomeLine({ outcome, by, approvers, preApproval }: Simulated): Line {
  const policy = by === null ? [] : line(' by the policy ', bold(by));
  if (preApproval !== null) return line('🟢 Granted at once: a pre-approval covers it.');
  switch (outcome) {
    case 'deny':
      return line('⛔ Denied', policy, '.');
    case 'none':
      return line('⛔ Not allowed: no policy gives it.');
    case 'auto':
      return line('🟢 Granted at once', policy, ': they are on call.');
    case 'persistent':
      return line('🟢 Standing access', policy, '.');
    case 'ask':
      return line(`🟡 Decided by ${approversWords(approvers)}`, by === null ? [] : line(' (policy ', bold(by), ')'), '.');
    case 'unavailable':
      return line('⚪ It cannot be told now: a directory does not answer.');
  }
}
