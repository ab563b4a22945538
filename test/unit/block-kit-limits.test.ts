import { describe, expect, it } from 'vitest';
import { checkMessageBlocks, checkView } from '../../src/sandbox/slack/block-kit/check.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: unknown, more: object = {}) => ({ type: 'section', text, ...more });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const button = (more: object = {}) => ({ type: 'button', text: plain('Go'), ...more });
const option = (value: string, text = value) => ({ text: plain(text), value });
const select = (more: object = {}) => ({ type: 'static_select', options: [option('1h'), option('4h')], ...more });
const input = (element: object, more: object = {}) => ({ type: 'input', label: plain('Label'), element, ...more });
const text = { type: 'plain_text_input', action_id: 'a' };
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

function problems(blocks: unknown): string[] {
  const checked = checkMessageBlocks(blocks);
  return checked.ok ? [] : checked.problems;
}

function viewProblems(view: unknown): string[] {
  const checked = checkView(view);
  return checked.ok ? [] : checked.problems;
}

const modal = (blocks: object[], more: object = {}) => ({ type: 'modal', title: plain('Form'), submit: plain('Send'), blocks, ...more });

describe('blocks that Slack takes', () => {
  it.each([
    ['a section at its limit', [section(mrkdwn('x'.repeat(3000)))]],
    ['a limit counted in characters, not UTF-16 units', [{ type: 'header', text: plain('😀'.repeat(150)) }]],
    ['ten fields', [{ type: 'section', fields: many(10, () => mrkdwn('x'.repeat(2000))) }]],
    ['fifty blocks', many(50, () => ({ type: 'divider' }))],
    ['a select with what is chosen at first', [actions(select({ initial_option: option('4h') }), button({ style: 'danger' }))]],
    ['groups of options', [actions({ type: 'static_select', option_groups: [{ label: plain('Short'), options: [option('1h')] }] })]],
    [
      'rich text',
      [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'date', timestamp: 1, format: 'x' }] }] }],
    ],
    ['context', [{ type: 'context', elements: [mrkdwn('a'), { type: 'image', image_url: 'https://x.example/i.png', alt_text: 'i' }] }]],
  ])('%s', (_what, blocks) => {
    expect(problems(blocks)).toEqual([]);
  });

  it('gives ids where the app gave none, and keeps those it gave', () => {
    const checked = checkMessageBlocks([{ ...actions(button(), button({ action_id: 'go' })), block_id: 'mine' }, section(mrkdwn('x'))]);
    expect(checked).toMatchObject({
      ok: true,
      value: [{ block_id: 'mine', elements: [{ action_id: expect.any(String) }, { action_id: 'go' }] }, { block_id: expect.any(String) }],
    });
  });
});

describe('blocks that Slack refuses, with the place', () => {
  it.each([
    ...(
      [
        [
          'a leaf of rich text that there is not',
          { type: 'words', text: 'x' },
          'unsupported type [json-pointer:/blocks/0/elements/0/elements/0/type]',
        ],
        ['an empty leaf', { type: 'text', text: '' }, '[json-pointer:/blocks/0/elements/0/elements/0/text]'],
        ['a leaf with a member too many', { type: 'text', text: 'x', colour: 'red' }, 'invalid additional property: colour'],
        ['a style that there is not', { type: 'text', text: 'x', style: { loud: true } }, 'invalid additional property: loud'],
        ['a date without its format', { type: 'date', timestamp: 1 }, 'missing required field: format'],
        ['a time in halves of a second', { type: 'date', timestamp: 1.5, format: '{time}' }, '/elements/0/timestamp]'],
        ['a link to nowhere', { type: 'link', text: 'x' }, 'missing required field: url'],
      ] as const
    ).map(([what, leaf, problem]): [string, unknown[], string] => [
      what,
      [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [leaf] }] }],
      problem,
    ]),
    ['text over the limit', [section(mrkdwn('x'.repeat(3001)))], 'must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
    ['empty text', [section(mrkdwn(''))], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    ['a header in mrkdwn', [{ type: 'header', text: mrkdwn('x') }], '[json-pointer:/blocks/0/text/type]'],
    ['a section with nothing', [{ type: 'section' }], 'must have text or fields [json-pointer:/blocks/0]'],
    [
      'eleven fields',
      [{ type: 'section', fields: many(11, () => mrkdwn('x')) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    ['51 blocks', many(51, () => ({ type: 'divider' })), 'no more than 50 items allowed [json-pointer:/blocks]'],
    ['26 elements', [actions(...many(26, () => button()))], 'no more than 25 items allowed [json-pointer:/blocks/0/elements]'],
    ['no elements', [actions()], 'must have at least 1 items [json-pointer:/blocks/0/elements]'],
    ['11 context elements', [{ type: 'context', elements: many(11, () => mrkdwn('x')) }], 'no more than 10 items allowed'],
    ['an unknown block', [{ type: 'alert', text: mrkdwn('x') }], 'unsupported type [json-pointer:/blocks/0/type]'],
    ['an unknown property', [section(mrkdwn('x'), { colour: 'red' })], 'invalid additional property: colour [json-pointer:/blocks/0]'],
    ['emoji on mrkdwn', [section({ ...mrkdwn('x'), emoji: true })], 'invalid additional property: emoji [json-pointer:/blocks/0/text]'],
    ['a long button', [actions(button({ text: plain('x'.repeat(76)) }))], 'must be less than 76 characters'],
    ['a long button value', [actions(button({ value: 'x'.repeat(2001) }))], 'must be less than 2001 characters'],
    ['a long id', [{ ...section(mrkdwn('x')), block_id: 'x'.repeat(256) }], 'must be less than 256 characters'],
    ['a long option value', [actions(select({ options: [option('x'.repeat(76), 'x')] }))], 'must be less than 76 characters'],
    ['a long option text', [actions(select({ options: [option('x', 'y'.repeat(76))] }))], 'must be less than 76 characters'],
    ['101 options', [actions(select({ options: many(101, (index) => option(`${index}`)) }))], 'no more than 100 items allowed'],
    ['no options', [actions({ type: 'static_select' })], 'exactly one of options or option_groups'],
    [
      'both kinds of options',
      [actions(select({ option_groups: [{ label: plain('x'), options: [option('1')] }] }))],
      'exactly one of options',
    ],
    [
      'a stranger chosen at first',
      [actions(select({ initial_option: option('1h', 'One hour') }))],
      'must be one of the options [json-pointer:/blocks/0/elements/0/initial_option]',
    ],
    [
      'six overflow options',
      [actions({ type: 'overflow', options: many(6, (index) => option(`${index}`)) })],
      'no more than 5 items allowed',
    ],
    [
      'eleven checkboxes',
      [actions({ type: 'checkboxes', options: many(11, (index) => option(`${index}`)) })],
      'no more than 10 items allowed',
    ],
    ['a long confirmation', [actions(button({ confirm: { text: mrkdwn('x'.repeat(301)) } }))], 'must be less than 301 characters'],
    ['a number for the time', [actions({ type: 'datetimepicker', initial_date_time: 123 })], 'must be ten digits'],
    ['a text input among actions', [actions(text)], 'unsupported type [json-pointer:/blocks/0/elements/0/type]'],
    ['a button as an input', [input(button())], 'unsupported type [json-pointer:/blocks/0/element/type]'],
    [
      'an e-mail input in a message',
      [input({ type: 'email_text_input' })],
      'email_text_input is allowed in modals only [json-pointer:/blocks/0/element]',
    ],
    [
      'a block_id twice',
      many(2, () => ({ type: 'divider', block_id: 'same' })),
      '`block_id` already exists: same [json-pointer:/blocks/1/block_id]',
    ],
    [
      'an action_id twice',
      [actions(button({ action_id: 'a' }), button({ action_id: 'a' }))],
      '`action_id` already exists: a [json-pointer:/blocks/0/elements/1/action_id]',
    ],
    ['not a list', 'blocks', '[json-pointer:/blocks]'],
    ['a missing text', [{ type: 'header' }], 'missing required field: text [json-pointer:/blocks/0]'],
  ])('%s', (_what, blocks, expected) => {
    const found = problems(blocks);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((line) => line.startsWith('[ERROR] '))).toBe(true);
    expect(found.join('\n')).toContain(expected);
  });

  it('lets the same action_id stand in two blocks', () => {
    expect(problems([actions(button({ action_id: 'a' })), actions(button({ action_id: 'a' }))])).toEqual([]);
  });
});

describe('views', () => {
  it.each([
    ['a modal', modal([input(text), input({ type: 'number_input', is_decimal_allowed: false })])],
    ['a hundred blocks', modal(many(100, () => ({ type: 'divider' })))],
    ['a home tab', { type: 'home', blocks: [section(mrkdwn('x')), actions(select())] }],
  ])('takes %s', (_what, view) => {
    expect(viewProblems(view)).toEqual([]);
  });

  it.each([
    ['a long title', modal([], { title: plain('x'.repeat(25)) }), 'must be less than 25 characters [json-pointer:/view/title/text]'],
    ['a long submit', modal([], { submit: plain('x'.repeat(25)) }), '[json-pointer:/view/submit/text]'],
    ['101 blocks', modal(many(101, () => ({ type: 'divider' }))), 'no more than 100 items allowed [json-pointer:/view/blocks]'],
    ['long metadata', modal([], { private_metadata: 'x'.repeat(3001) }), '[json-pointer:/view/private_metadata]'],
    ['a long callback_id', modal([], { callback_id: 'x'.repeat(256) }), '[json-pointer:/view/callback_id]'],
    ['an input without submit', { type: 'modal', title: plain('x'), blocks: [input(text)] }, 'missing required field: submit'],
    [
      'two claims to the focus',
      modal([input({ ...text, focus_on_load: true }), input({ ...text, focus_on_load: true })]),
      'only one element may have focus_on_load',
    ],
    [
      'a number input without is_decimal_allowed',
      modal([input({ type: 'number_input' })]),
      'missing required field: is_decimal_allowed [json-pointer:/view/blocks/0/element]',
    ],
    ['a title on the home tab', { type: 'home', title: plain('x'), blocks: [] }, 'invalid additional property: title [json-pointer:/view]'],
    [
      'a datetimepicker on the home tab',
      { type: 'home', blocks: [actions({ type: 'datetimepicker' })] },
      'not allowed on the home tab [json-pointer:/view/blocks/0/elements/0]',
    ],
    ['a long label', modal([input(text, { label: plain('x'.repeat(2001)) })]), '[json-pointer:/view/blocks/0/label/text]'],
    [
      'a long placeholder',
      modal([input({ ...text, placeholder: plain('x'.repeat(151)) })]),
      '[json-pointer:/view/blocks/0/element/placeholder/text]',
    ],
    ['nothing', undefined, '[json-pointer:'],
  ])('refuses %s', (_what, view, expected) => {
    expect(viewProblems(view).join('\n')).toContain(expected);
  });

  it('refuses a view of more than 250 KB by its own name', () => {
    expect(checkView(modal(many(90, () => section(mrkdwn('x'.repeat(3000))))))).toMatchObject({ ok: false, tooLarge: true });
  });
});
