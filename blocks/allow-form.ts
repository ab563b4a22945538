/** The window that approves in advance: who, what, and while which time requests for it need no approver. */
import type { DateTimepicker, InputBlock, ModalView, UsersSelect } from '@slack/types';
import type { AllowForecast } from '../src/domain/allow-forecast.ts';
import { type DurationSeconds, describeDuration } from '../src/domain/duration.ts';
import { optionKey } from '../src/domain/option-key.ts';
import { recurringWindowText } from '../src/domain/recurring-window.ts';
import { epochSeconds, type Instant } from '../src/domain/time.ts';
import { durationSelect } from './choices.ts';
import { hoursInputs } from './form-hours.ts';
import { input } from './form-input.ts';
import { reasonInput } from './form-reason.ts';
import { rightInputs } from './form-right.ts';
import { encodeMemo, untilValue } from './form-wire.ts';
import { paragraph, plain, window } from './kit.ts';
import { bold, date, type Line, line, onOneLine, words } from './line.ts';
import { rejectionAtField } from './notices.ts';
import type { Filled, FormProps } from './request-form.ts';
import { actionIds, noticeId, viewIds } from './wire.ts';
import { rightLine } from './words.ts';

export type AllowProps = Pick<FormProps, 'integrations' | 'accessTypes' | 'chosen' | 'durations' | 'maximum' | 'now' | 'reasonRequired'> & {
  /** How long the window stays open, unless it is closed at a moment. */
  readonly length: DurationSeconds;
  readonly forecast: AllowForecast | undefined;
  /** `duration` is the window's length, and `each` that of one request in it. */
  readonly filled: Pick<Filled, 'seed' | 'reason' | 'byEnd' | 'until' | 'to' | 'stranger' | 'hours'> & {
    readonly start: Instant | undefined;
    readonly each: DurationSeconds | undefined;
  };
};

export const allowHeading = 'Approve in advance';
/** Slack takes ten digits. */
const latestSeconds = 9_999_999_999;
const hour = 3600;

export function allowForm(props: AllowProps): ModalView {
  const { filled, chosen } = props;
  if (props.integrations.length === 0)
    return window(allowHeading, [paragraph(words('There is nothing here that you could approve.'))], noticeId);
  const path = {
    seed: filled.seed,
    integration: chosen.integration && optionKey(chosen.integration.name),
    accessType: chosen.accessType === undefined ? undefined : optionKey(chosen.accessType),
  };
  return {
    type: 'modal',
    callback_id: viewIds.allow,
    private_metadata: encodeMemo({ ...path, forOther: true, to: filled.to, zone: filled.hours?.zone }),
    title: plain(allowHeading, 24),
    submit: plain('Approve in advance', 24),
    close: plain('Cancel', 24),
    blocks: [
      whoInput(filled),
      ...rightInputs(props, path),
      ...windowInputs(props),
      eachInput(props),
      paragraph(outlook(props)),
      reasonInput(props, 'It is kept in the audit log.'),
    ],
  };
}

function outlook({ forecast, chosen: { integration, resource } }: AllowProps): Line {
  if (forecast === undefined || integration === undefined || resource === undefined)
    return words('Choose who and what: while the window is open, their requests for it need no approver.');
  if (forecast.kind === 'refused')
    return line('🚫 ', bold('This will be refused.'), ` ${onOneLine(rejectionAtField(forecast.rejection), 600)}`);
  const { opensAt, closesAt, hours, duration } = forecast.window;
  const right = rightLine({ integration: integration.name, service: integration.service, ...resource });
  return line(
    '✅ From ',
    date(opensAt),
    ' until ',
    date(closesAt),
    ...(hours === undefined ? [] : [', ', bold(recurringWindowText(hours))]),
    ', requests by ',
    bold(forecast.to),
    ' for ',
    right,
    `, for up to ${describeDuration(duration)} each, need no approver.`,
    hours === undefined ? '' : ' What they are given ends when these hours do.',
  );
}

function whoInput({ to, stranger }: AllowProps['filled']): InputBlock {
  const people: UsersSelect = {
    type: 'users_select',
    action_id: actionIds.formTo,
    placeholder: plain('Choose somebody', 150),
    ...(to === undefined ? {} : { initial_user: to }),
  };
  const hint = stranger === undefined ? undefined : `Nobody in this workspace has the address ${onOneLine(stranger, 254)}.`;
  return input(actionIds.formTo, 'Whose requests?', people, { hint, tells: true });
}

function windowInputs({ durations, maximum, now, length, filled }: AllowProps): InputBlock[] {
  const last = { option: { text: plain('Until…', 75), value: untilValue }, isChosen: filled.byEnd };
  const open = input(actionIds.formDuration, 'Open for how long?', durationSelect(actionIds.formDuration, durations, length, '', last), {
    hint: `At most ${describeDuration(maximum)}.`,
    tells: true,
  });
  const soonest = Math.ceil((epochSeconds(filled.start ?? now) + length) / hour) * hour;
  const until = input(actionIds.formUntil, 'Until when?', picker(actionIds.formUntil, filled.until, soonest), { tells: true });
  const start = input(actionIds.allowStart, 'From when?', picker(actionIds.allowStart, filled.start, undefined), {
    hint: 'From now on, if you leave it empty.',
    optional: true,
    tells: true,
  });
  return [open, ...(filled.byEnd ? [until] : []), start, ...hoursInputs(filled.hours)];
}

function picker(actionId: string, chosen: Instant | undefined, suggested: number | undefined): DateTimepicker {
  const at = chosen === undefined ? suggested : epochSeconds(chosen);
  return { type: 'datetimepicker', action_id: actionId, ...(at === undefined ? {} : { initial_date_time: Math.min(at, latestSeconds) }) };
}

const eachInput = ({ durations, maximum, filled }: AllowProps): InputBlock =>
  input(
    actionIds.allowEach,
    'How long may one request be?',
    durationSelect(actionIds.allowEach, durations, filled.each ?? durations[0] ?? maximum, ''),
    { hint: 'Whoever asks for longer goes to an approver.', tells: true },
  );
