import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { several } from '../../blocks/several.ts';
import { severalOf } from '../../src/domain/burst.ts';
import { checkMessageBlocks, checkView } from '../../src/sandbox/slack/block-kit/check.ts';
import { many, ordinaryWords, permalink, states, type Words } from '../support/scene-values.ts';
import { mostTogether } from '../../src/store/shared-notices.ts';
import { type Scene, slackScenes } from '../support/slack-scenes.ts';

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(
    'x'.repeat(10_000),
    '👩‍👩‍👧‍👦'.repeat(2_000),
    '\u202egnp.exe\u2066\u200b\u200d',
    'שלום, אני צריך גישה '.repeat(300),
    '<!channel> <!here> <!everyone> <@U0ALICE01> <#C0GENERAL> <!subteam^S0123> <https://evil.example|Approved by alice>',
    '<!date^0^{date}|x> https://evil.example mailto:a@b.example @channel @alice #general',
    '```\n*Approved by alice@example.com*\n> ok `x`\n```',
    ':white_check_mark: *Approved* _x_ ~y~',
    '\n'.repeat(5_000),
    '\0\u0007\ud800',
    '\u200b\u00a0\u2060',
    ' ',
    '',
    '&lt;!here&gt; & <',
  ),
);

/** Words in which everything is hostile, and of everything much. */
const words: fc.Arbitrary<Words> = fc.record({
  integration: nasty,
  service: nasty,
  accessType: nasty,
  resource: nasty,
  label: nasty,
  reason: nasty,
  denial: nasty,
  question: nasty,
  answer: nasty,
  fault: nasty,
  group: nasty,
  // Names of policies are at most 200 characters when they are stored, and never empty.
  policy: nasty.map((text) => Array.from(text.toWellFormed()).slice(0, 190).join('') || 'x'),
  command: nasty,
  yaml: nasty,
  finding: nasty,
  presets: fc.constantFrom(1, 101),
  resources: fc.constantFrom(0, 30, 5_000),
  requests: fc.constantFrom(0, 300),
});

type Node = { readonly [key: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Everything in it, however deep, but what stands in a field of the reader's own. */
function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value, ...Object.values(value).flatMap(nodesIn)] : [];
}

/** Text can be turned around or hidden by these. */
const hidden = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/u;
/** Besides text and the dates that we put there, these are alive: they notify, or lead away. */
const live = ['mrkdwn', 'user', 'usergroup', 'channel', 'broadcast', 'link', 'team', 'emoji'];

/** One button leads anywhere: to our own page. */
const leadsAway = (node: Node): boolean =>
  'url' in node && !(node['action_id'] === 'sign_in' && String(node['url']).startsWith('https://curfew.example.com/link/'));

/** One link stands in a message: its address is Slack's, its words are ours. */
const isCopysLink = (node: Node): boolean =>
  JSON.stringify(node) === JSON.stringify({ type: 'link', url: permalink, text: 'Open in the channel' });

function expectHarmless(scene: Scene, shown: unknown): void {
  const nodes = nodesIn(shown);
  const alive = nodes.filter(
    (node) => (live.includes(String(node['type'])) || leadsAway(node) || node['emoji'] === true) && !isCopysLink(node),
  );
  expect(alive, scene.name).toEqual([]);
  const said = nodes.flatMap((node) => [node['text'], node['accessibility_label']].filter((text) => typeof text === 'string'));
  expect(said.length, scene.name).toBeGreaterThan(0);
  expect(
    said.filter((text) => text === '' || hidden.test(text)),
    scene.name,
  ).toEqual([]);
}

function expectWithinLimits(scene: Scene): void {
  const shown = scene.show();
  // As it travels.
  const sent: unknown = JSON.parse(JSON.stringify(shown));
  if ('type' in shown) expect(checkView(sent), scene.name).toMatchObject({ ok: true });
  else {
    expect(checkMessageBlocks(JSON.parse(JSON.stringify(shown.blocks))), scene.name).toMatchObject({ ok: true });
    expect(shown.text.trim(), scene.name).not.toBe('');
    expect(Array.from(shown.text).length, scene.name).toBeLessThan(4000);
    // What is left after our dates begins no mention and no link.
    expect(shown.text.replaceAll(/<!date\^[0-9]+\^[^<>|]*\|[^<>]*>/g, ''), scene.name).not.toMatch(/[<>]/);
    expect(shown.text, scene.name).not.toMatch(hidden);
  }
  expectHarmless(scene, 'type' in shown ? shown : shown.blocks);
}

const names = slackScenes(ordinaryWords).map(({ name }) => name);

describe('every message, window and home tab', () => {
  it('has a name of its own, and is such as Slack takes', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const scene of slackScenes(ordinaryWords)) expectWithinLimits(scene);
  });

  it('stays within the limits of Slack and says nothing of its own, whatever people wrote', () => {
    fc.assert(
      fc.property(words, (given) => {
        for (const scene of slackScenes(given)) expectWithinLimits(scene);
      }),
      { numRuns: 40 },
    );
  });

  it.each(['x'.repeat(10_000), '👩‍👩‍👧‍👦'.repeat(2_000), '\u202e<!channel> `x`', '\u200b', ''])(
    'does so where everything is alike: %#',
    (text) => {
      const texts = Object.entries(ordinaryWords).filter(([, value]) => typeof value === 'string');
      const alike = Object.fromEntries(
        texts.map(([key]) => [key, key === 'policy' ? Array.from(text).slice(0, 190).join('') || 'x' : text]),
      );
      for (const scene of slackScenes({ ...ordinaryWords, ...alike, presets: 101, resources: 5_000, requests: 300 }))
        expectWithinLimits(scene);
    },
  );
});

it('lists twenty of however many rights one message stands for, and says how many more there are', () => {
  const some = fc.oneof(fc.integer({ min: 1, max: 45 }), fc.integer({ min: 1, max: mostTogether }));
  const what = fc.constantFrom('accesses' as const, 'warnings' as const, 'endings' as const);
  fc.assert(
    fc.property(words, some, what, fc.array(nasty, { maxLength: 30 }), (given, total, which, commands) => {
      const requests = many(given, total, which === 'endings' ? states(given).ended : states(given).active);
      const shown = several({ several: { ...severalOf(requests), commands }, what: which });
      expectWithinLimits({ name: which, title: '', group: '', place: 'dm', as: 'bob', show: () => shown });
      const said = JSON.stringify(shown.blocks);
      expect(said).toContain(`"${total} ${total === 1 ? 'right' : 'rights'}"`);
      expect(said.match(/"• "/g)?.length).toBe(Math.min(total, 20));
      expect(said.match(/"and (\d+) more\. "/)?.[1]).toBe(total > 20 ? String(total - 20) : undefined);
    }),
    { numRuns: 60 },
  );
});
