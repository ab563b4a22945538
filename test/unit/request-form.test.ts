import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMemo, encodeMemo } from '../../blocks/form-wire.ts';
import { integrationOffer, resourceOffer } from '../../blocks/form-right.ts';
import { type FormProps, requestForm } from '../../blocks/request-form.ts';
import { actionIds, blockIds } from '../../blocks/wire.ts';
import { bestFirst } from '../../src/app/offered-rights.ts';
import { isDurationSeconds, parseDuration, toSeconds } from '../../src/domain/duration.ts';
import type { Forecast } from '../../src/domain/forecast.ts';
import { optionKey } from '../../src/domain/option-key.ts';
import { instant } from '../../src/domain/time.ts';
import { checkView } from '../../src/sandbox/slack/block-kit/check.ts';
import { optionGroup, selectOption } from '../../src/sandbox/slack/block-kit/options.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import { emptyForm } from '../../src/slack/read-form.ts';
import { must } from '../support/http-app.ts';

const hour = must(parseDuration('1h'));
const day = must(parseDuration('1d'));
const sample = { name: 'sample', service: 'pg' };
const props: FormProps = {
  integrations: [sample, { name: 'other', service: 'lake' }],
  accessTypes: ['role'],
  chosen: { integration: undefined, accessType: undefined, resource: undefined },
  recent: [],
  durations: [hour, day],
  maximum: toSeconds({ time: 30, unit: 'd' }),
  now: instant(Date.UTC(2025, 0, 31, 9)),
  forecast: undefined,
  reasonRequired: false,
  filled: emptyForm,
};

function drawn(more: Partial<FormProps>) {
  const checked = checkView(JSON.parse(JSON.stringify(requestForm({ ...props, ...more }))));
  if (!checked.ok) throw new Error(checked.problems.join('\n'));
  return checked.value;
}
const elementIn = (more: Partial<FormProps>, actionId: string) =>
  elementsOf(drawn(more).blocks).find(({ element }) => element.action_id === actionId)?.element;

/** What people and targets may call a thing. */
const nasty = fc.oneof(
  fc.string({ maxLength: 200, unit: 'grapheme' }),
  fc.constantFrom(
    '',
    ' ',
    '<!channel> & <@U1|x>',
    '\u202eevil',
    '👩‍👩‍👧‍👦'.repeat(40),
    'x'.repeat(10_000),
    '\ud800',
    '#',
    '#0123456789abcdef',
    'until',
  ),
);
const lengths = Array.from({ length: 101 }, (_, index) => index + 60).filter(isDurationSeconds);
const hours = { days: [true, false, true, false, true, false, true], from: 1380, to: 360, zone: 'America/Argentina/ComodRivadavia' };
const forecasts = (said: string): readonly (Forecast | undefined)[] => [
  undefined,
  { kind: 'people', approvers: Array.from({ length: 12 }, () => said) },
  { kind: 'at-once', because: 'on-call', atMost: hour },
  { kind: 'at-once', because: 'other-on-call', atMost: hour },
  { kind: 'at-once', because: 'policy', atMost: undefined, hours },
  { kind: 'people', approvers: [said], hours },
  { kind: 'at-once', because: 'pre-approval', atMost: undefined, within: { hours, closesAt: instant(1e12) } },
  { kind: 'refused', rejection: { code: 'nobody-can-approve', policies: [said, said, said, said] } },
  { kind: 'refused', rejection: { code: 'not-allowed', deniedBy: said } },
  { kind: 'untold' },
];

describe('whatever things are called', () => {
  it('makes a form that Slack takes', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.constantFrom(1, 2, 101, 250), fc.nat(8), fc.boolean(), (said, other, count, which, isChosen) => {
        const integrations = Array.from({ length: count }, (_, index) => ({ name: `${said}${index}`, service: index % 2 ? other : said }));
        const resource = { accessType: other, resource: said, label: other };
        drawn({
          integrations,
          accessTypes: Array.from({ length: count }, (_, index) => `${index}${other}`),
          chosen: isChosen ? { integration: integrations.at(-1), accessType: `${count - 1}${other}`, resource } : props.chosen,
          recent: Array.from({ length: 5 }, (_, index) => ({
            integration: said,
            service: other,
            ...resource,
            resource: `${said}${index}`,
          })),
          durations: lengths,
          forecast: forecasts(said)[which],
          reasonRequired: true,
          filled: {
            ...emptyForm,
            seed: '0123456789abcdef',
            reason: said,
            byEnd: isChosen,
            until: instant(which * 4e12 + 1e12),
            forOther: true,
            stranger: other,
            hours: which % 2 === 0 ? undefined : isChosen ? { ...hours, zone: said } : { ...hours, days: [], from: undefined },
          },
        });
      }),
      { numRuns: 60 },
    );
  });

  it('offers options that Slack takes, of 5,000 resources and 250 integrations', () => {
    fc.assert(
      fc.property(nasty, nasty, (said, other) => {
        const resources = Array.from({ length: 5_000 }, (_, index) => ({ resource: `${said}${index}`, label: other }));
        const listed = resourceOffer(resources);
        const groups = 'option_groups' in listed ? listed.option_groups : [];
        expect(optionGroup.array().length(1).safeParse(groups).success).toBe(true);
        expect(groups[0]?.label?.text).toBe('The first 100: type more of its name');
        const options = groups.flatMap((group) => group.options);
        expect(selectOption.array().max(100).safeParse(options).success).toBe(true);
        expect(new Set(options.map(({ value }) => value)).size).toBe(100);
        expect(resourceOffer(resources.slice(0, 99))).toEqual({ options: options.slice(0, 99) });
        const offer = integrationOffer(
          Array.from({ length: 250 }, (_, index) => ({ name: `${said}${index}`, service: `${other}${index % 3}` })),
        );
        expect('option_groups' in offer && optionGroup.array().max(100).safeParse(offer.option_groups).success).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('has a key for each name that Slack takes and that is only its own', () => {
    fc.assert(
      fc.property(nasty, nasty, (one, other) => {
        const key = optionKey(one);
        expect(key.length).toBeGreaterThan(0);
        expect(key.length).toBeLessThanOrEqual(75);
        expect(key === optionKey(other)).toBe(one === other);
      }),
    );
  });

  it('reads its own memo, and nothing out of others', () => {
    const memo = { seed: 'a', integration: 'sample', accessType: undefined, forOther: true, to: 'U1', zone: 'Europe/Paris' };
    expect(decodeMemo(encodeMemo(memo))).toEqual(memo);
    expect(encodeMemo({ ...memo, zone: 'x'.repeat(10_000) }).length).toBeLessThan(300);
    for (const text of ['', 'null', '{}', '[1]', '[', '"other"'])
      expect(decodeMemo(text)).toEqual({ seed: '', integration: undefined, accessType: undefined, forOther: false, to: undefined });
  });
});

describe('the request form', () => {
  const chosen = { integration: sample, accessType: 'role', resource: { accessType: 'role', resource: 'readonly', label: 'Read only' } };

  it('shows of the fields only what can be filled in now', () => {
    const fields = (more: Partial<FormProps>) => elementsOf(drawn(more).blocks).map(({ element }) => element.action_id);
    const rest = [actionIds.formDuration, blockIds.reason, actionIds.formForOther];
    expect(fields({})).toEqual([actionIds.formIntegration, ...rest]);
    expect(fields({ chosen: { ...props.chosen, integration: sample } })).toEqual([
      actionIds.formIntegration,
      actionIds.formAccessType,
      ...rest,
    ]);
    expect(fields({ chosen })).toEqual([actionIds.formIntegration, actionIds.formAccessType, actionIds.formResource, ...rest]);
    expect(fields({ filled: { ...emptyForm, byEnd: true } })).toContain(actionIds.formUntil);
    expect(fields({ filled: { ...emptyForm, forOther: true } }).at(-1)).toBe(actionIds.formTo);
  });

  it('has hours where it may be standing access, and wherever they stand already', () => {
    const fields = (more: Partial<FormProps>) => elementsOf(drawn(more).blocks).map(({ element }) => element.action_id);
    const parts = [actionIds.hoursDays, actionIds.hoursFrom, actionIds.hoursTo];
    for (const forecast of [undefined, { kind: 'people', approvers: [] }, { kind: 'at-once', because: 'on-call', atMost: hour }] as const)
      expect(fields({ chosen, forecast })).not.toContain(actionIds.hoursOnly);
    const standing = { kind: 'at-once', because: 'policy', atMost: undefined } as const;
    expect(fields({ chosen, forecast: standing })).toContain(actionIds.hoursOnly);
    expect(fields({ chosen, forecast: standing })).not.toContain(actionIds.hoursDays);
    expect(fields({ chosen, forecast: { kind: 'untold' } })).toContain(actionIds.hoursOnly);
    const filled = { ...emptyForm, hours: { ...hours, to: undefined } };
    expect(fields({ chosen, filled })).toEqual(expect.arrayContaining([actionIds.hoursOnly, ...parts]));
    expect(elementIn({ chosen, filled }, actionIds.hoursFrom)).toMatchObject({ initial_time: '23:00' });
    expect(elementIn({ chosen, filled }, actionIds.hoursTo)).not.toHaveProperty('initial_time');
    expect(JSON.stringify(elementIn({ chosen, filled }, actionIds.hoursDays)?.['initial_options'])).toContain('"Sunday"');
  });

  it('names a resource as people do, and below it as the target does', () => {
    expect(elementIn({ chosen }, actionIds.formResource)?.['initial_option']).toEqual({
      text: { type: 'plain_text', text: 'Read only', emoji: false },
      value: 'readonly',
      description: { type: 'plain_text', text: 'readonly', emoji: false },
    });
  });

  it('gives what depends on a choice another id when the choice is another', () => {
    const idOf = (more: Partial<FormProps>) =>
      elementsOf(drawn(more).blocks).find(({ element }) => element.action_id === actionIds.formResource)?.block.block_id;
    const other = { ...chosen, accessType: 'owner' };
    expect(idOf({ chosen })).toBe(idOf({ chosen, reasonRequired: true }));
    expect(idOf({ chosen })).not.toBe(idOf({ chosen: other, accessTypes: ['role', 'owner'] }));
    expect(idOf({ chosen })).not.toBe(idOf({ chosen, filled: { ...emptyForm, seed: 'x' } }));
  });

  it('asks whom to type for among more than 100 integrations', () => {
    const integrations = Array.from({ length: 101 }, (_, index) => ({ name: `i${index}`, service: 'pg' }));
    expect(elementIn({ integrations }, actionIds.formIntegration)).toMatchObject({ type: 'external_select', min_query_length: 0 });
  });

  it('says that there is nothing where there is nothing', () => {
    expect(JSON.stringify(requestForm({ ...props, integrations: [] }))).toContain('nothing here that you may ask for');
  });

  it('offers "Until…" below 99 presets at most', () => {
    const options = elementIn({ durations: lengths }, actionIds.formDuration)?.['options'];
    expect(options).toHaveLength(100);
    expect(options).toMatchObject({ 99: { value: 'until' } });
  });
});

it('puts the best matches first', () => {
  const items = ['the orders table', 'orders', 'reorders', 'old-orders', 'nothing'].map((label) => ({
    accessType: 't',
    resource: 'x',
    label,
  }));
  const found = (query: string) => bestFirst(items, query).map(({ label }) => label);
  expect(found('ORDERS')).toEqual(['orders', 'the orders table', 'old-orders', 'reorders']);
  expect(found('table ord')).toEqual(['the orders table']);
  expect(found('  ')).toHaveLength(5);
  expect(found('(')).toEqual([]);
});
