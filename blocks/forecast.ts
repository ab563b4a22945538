import { describeDuration } from '../src/domain/duration.ts';
import type { Forecast } from '../src/domain/forecast.ts';
import { recurringWindowText } from '../src/domain/recurring-window.ts';
import { type Line, bold, date, line, onOneLine } from './line.ts';
import { rejectionAtField } from './notices.ts';
import { approversWords } from './words.ts';

/** What will happen, said before anything is sent. */
export function forecastLines(forecast: Forecast): readonly Line[] {
  switch (forecast.kind) {
    case 'people':
      return [
        line('👥 To be decided by ', bold(approversWords(forecast.approvers)), '.'),
        ...(forecast.hours === undefined ? [] : [line('🗓️ Within ', bold(recurringWindowText(forecast.hours)), ' it is granted at once.')]),
      ];
    case 'at-once':
      return [
        line('✅ ', bold('Granted at once'), `: ${reasons[forecast.because]}.`),
        ...atMost(forecast),
        ...within(forecast),
        ...inHours(forecast),
      ];
    case 'break-glass':
      return [
        line('🚨 ', bold('Taken at once'), ` for ${describeDuration(forecast.lasts)}, without an approver. It cannot be extended.`),
        line('Owners and approvers are told at once. It owes a review by somebody else.'),
      ];
    case 'refused':
      return [line('🚫 ', bold('This will be refused.'), ` ${onOneLine(rejectionAtField(forecast.rejection), 600)}`)];
    case 'untold':
      return [line('Who decides is told once you have asked: you may not look that up for others.')];
  }
}

const reasons = {
  'on-call': 'you are on call',
  'other-on-call': 'they are on call',
  policy: 'a policy gives this without a decision',
  'pre-approval': 'it was approved beforehand',
} as const;

const within = ({ within: hours }: Extract<Forecast, { kind: 'at-once' }>): readonly Line[] =>
  hours === undefined
    ? []
    : [line('🗓️ Allowed at once ', bold(recurringWindowText(hours.hours)), ': it ends ', date(hours.closesAt), ' at the latest.')];

const inHours = ({ hours }: Extract<Forecast, { kind: 'at-once' }>): readonly Line[] =>
  hours === undefined
    ? []
    : [line('🗓️ Only ', bold(recurringWindowText(hours)), ': taken away when they close, there again when they open.')];

const atMost = ({ atMost: longest }: Extract<Forecast, { kind: 'at-once' }>): readonly Line[] =>
  longest === undefined ? [] : [line(`It lasts ${describeDuration(longest)} at most.`)];
