import { allowForm, type AllowProps } from '../../blocks/allow-form.ts';
import { rejectionAtField } from '../../blocks/notices.ts';
import { type Filled, type FormProps, requestForm } from '../../blocks/request-form.ts';
import { actionIds, blockIds } from '../../blocks/wire.ts';
import type { Forecast } from '../../src/domain/forecast.ts';
import type { RecurringWindow } from '../../src/domain/recurring-window.ts';
import { after, bob, carol, day, end, hour, presets, type Words } from './scene-values.ts';
import { start } from './http-app.ts';
import type { Scene } from './slack-scenes.ts';

const empty: Filled = {
  seed: '',
  reason: undefined,
  duration: undefined,
  byEnd: false,
  until: undefined,
  forOther: false,
  to: undefined,
  stranger: undefined,
};
/** Carol's account in the local workspace. */
const carolHere = 'U0CAROL01';

function startOf(words: Words): FormProps {
  const durations = presets(words);
  return {
    integrations: [
      { name: words.integration, service: words.service },
      { name: `${words.integration}-staging`, service: words.service },
      { name: 'warehouse', service: 'snowflake' },
    ],
    accessTypes: [],
    chosen: { integration: undefined, accessType: undefined, resource: undefined },
    recent: [],
    durations,
    maximum: durations.at(-1) ?? day,
    now: start,
    forecast: undefined,
    reasonRequired: false,
    filled: empty,
  };
}

function chosenOf(words: Words, forecast: Forecast): FormProps {
  const { integration: name, service, accessType, resource, label, reason } = words;
  return {
    ...startOf(words),
    accessTypes: [accessType, 'owner'],
    chosen: { integration: { name, service }, accessType, resource: { accessType, resource, label } },
    forecast,
    filled: { ...empty, seed: 'seed', reason, duration: hour },
  };
}

/** The windows that ask for access, and that approve it in advance. */
export function formScenes(words: Words): Scene[] {
  const scene = (name: string, title: string, props: FormProps, errors: Scene['errors'] = {}): Scene => ({
    name: `form-${name}`,
    title,
    group: 'Asking: the form',
    place: 'modal',
    as: 'bob',
    show: () => requestForm(props),
    errors,
  });
  const people: Forecast = { kind: 'people', approvers: ['Security reviewers', words.group] };
  const first = startOf(words);
  const chosen = chosenOf(words, people);
  const { integration, service, accessType, resource, label } = words;
  const recent = [{ integration, service, accessType, resource, label }];
  const filled = (more: Partial<Filled>): FormProps => ({ ...chosen, filled: { ...chosen.filled, ...more } });
  return [
    scene('empty', 'As it opens', first),
    scene('recent', 'As it opens for somebody who asked before', { ...first, recent }),
    scene('nothing', 'For somebody who may ask for nothing', { ...first, integrations: [] }),
    scene('filled', 'Filled in: people will decide', chosen),
    scene('break-glass', 'In an emergency: it will be taken at once', {
      ...chosenOf(words, { kind: 'break-glass', lasts: hour }),
      filled: { ...chosen.filled, breakGlass: true },
      breakGlass: hour,
      reasonRequired: true,
    }),
    scene('hours', 'People will decide now, and nobody in the hours of a week', chosenOf(words, { ...people, hours: officeHours })),
    scene(
      'within-hours',
      'It will be granted at once, until the hours close',
      chosenOf(words, { kind: 'at-once', because: 'pre-approval', atMost: undefined, within: { hours: officeHours, closesAt: after(60) } }),
    ),
    scene('standing-hours', 'Standing access, only in some hours of the week', {
      ...chosenOf(words, { kind: 'at-once', because: 'policy', atMost: undefined, hours: officeHours }),
      filled: { ...chosen.filled, hours: officeHours },
    }),
    scene(
      'hours-errors',
      'What is wrong with the hours stands at its field',
      {
        ...chosenOf(words, { kind: 'refused', rejection: noDay }),
        filled: { ...chosen.filled, hours: { ...officeHours, days: [], to: officeHours.from } },
      },
      { [actionIds.hoursDays]: rejectionAtField(noDay) },
    ),
    scene('at-once', 'It will be granted at once', chosenOf(words, { kind: 'at-once', because: 'on-call', atMost: hour })),
    scene(
      'refused',
      'It would be refused',
      chosenOf(words, { kind: 'refused', rejection: { code: 'not-allowed', deniedBy: words.policy } }),
    ),
    scene('until', 'Until a moment of one’s own', filled({ byEnd: true, until: end })),
    scene('for-other', 'For somebody else', { ...filled({ forOther: true, to: carolHere }), forecast: { kind: 'untold' } }),
    scene('stranger', 'For an address that nobody here has', filled({ forOther: true, stranger: carol.email })),
    scene(
      'errors',
      'What is wrong stands at its field',
      { ...filled({ reason: undefined }), reasonRequired: true },
      {
        [blockIds.reason]: 'A policy wants to know why. Give a reason.',
        [actionIds.formDuration]: '30 days is over the maximum of 1 day. Ask for less.',
      },
    ),
    ...allowScenes(words, chosen),
  ];
}

const noDay = { code: 'invalid-value', field: 'window', why: 'Choose at least one day.' } as const;
const officeHours: RecurringWindow = {
  days: [true, true, true, true, true, false, false],
  from: 540,
  to: 1020,
  zone: 'Europe/Paris',
};

function allowScenes(words: Words, { integrations, accessTypes, chosen, durations, maximum, now }: FormProps): Scene[] {
  const props: AllowProps = {
    integrations,
    accessTypes,
    chosen,
    durations,
    maximum,
    now,
    reasonRequired: true,
    length: day,
    forecast: { kind: 'opens', to: bob.email, window: { opensAt: start, closesAt: after(1440), duration: hour } },
    filled: { seed: 'seed', reason: words.reason, byEnd: false, until: undefined, to: 'U0BOB0001', stranger: undefined, start, each: hour },
  };
  const { to: _, ...rest } = props.filled;
  const nobody = { integration: undefined, accessType: undefined, resource: undefined };
  const scene = (name: string, title: string, given: AllowProps): Scene => ({
    name: `allow-${name}`,
    title,
    group: 'Approving in advance',
    place: 'modal',
    as: 'carol',
    show: () => allowForm(given),
  });
  const rejection = { code: 'own-request', ahead: true } as const;
  return [
    scene('empty', 'As it opens', {
      ...props,
      chosen: nobody,
      accessTypes: [],
      forecast: undefined,
      filled: { ...rest, to: undefined, reason: undefined, start: undefined },
    }),
    scene('filled', 'Filled in', props),
    scene('until', 'Until a moment of one’s own', { ...props, filled: { ...props.filled, byEnd: true } }),
    scene('hours', 'Only in the hours of a week', {
      ...props,
      forecast: { kind: 'opens', to: bob.email, window: { opensAt: start, closesAt: after(1440), hours: officeHours, duration: hour } },
      filled: { ...props.filled, hours: officeHours },
    }),
    scene('refused', 'It would be refused', { ...props, forecast: { kind: 'refused', rejection } }),
  ];
}
