import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { access } from '../../blocks/access.ts';
import { approval } from '../../blocks/approval.ts';
import { ended } from '../../blocks/ended.ts';
import { home, homeNotice } from '../../blocks/home.ts';
import type { Message } from '../../blocks/kit.ts';
import { sentence } from '../../blocks/kit.ts';
import { loading } from '../../blocks/loading.ts';
import { noticeView } from '../../blocks/notices.ts';
import { helpReply, listReply, requestsReply, submittedReply } from '../../blocks/replies.ts';
import { request as requestMessage } from '../../blocks/request.ts';
import { review } from '../../blocks/review.ts';
import { secret } from '../../blocks/secret.ts';
import { several } from '../../blocks/several.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { GrantState } from '../../src/domain/grant.ts';
import { parseEmail, parseGrantId, parseOrg, parsePersonId, parseRequestId, parseRightId } from '../../src/domain/ids.ts';
import type { PermissionRequest, RequestState } from '../../src/domain/request.ts';
import { instant } from '../../src/domain/time.ts';
import { checkMessageBlocks, checkView } from '../../src/sandbox/slack/block-kit/check.ts';

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a fixture is not valid');
  return value;
}

const uuid = (end: number): string => `01938a00-0000-7000-8000-${String(end).padStart(12, '0')}`;
const person = (end: number, email: string) => ({ id: must(parsePersonId(uuid(end))), email: must(parseEmail(email)) });
const bob = person(101, 'bob@example.com');
const carol = person(102, 'carol@example.com');
const dave = person(103, 'dave@example.com');
const hour = must(parseDuration('1h'));
const minutes = must(parseDuration('90m'));
const day = must(parseDuration('1d'));
const start = instant(Date.UTC(2025, 0, 31, 9));
const digest = '0123456789abcdef';

const pending: PermissionRequest = {
  org: must(parseOrg('demo')),
  id: must(parseRequestId(uuid(1))),
  requestor: bob,
  keyMakers: [],
  principal: bob,
  permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
  reason: 'look at orders',
  asked: hour,
  durationNamed: true,
  createdAt: start,
  approvableUntil: instant(start + 86_400_000),
  state: { kind: 'pending' },
};
const inState = (state: RequestState): PermissionRequest => ({ ...pending, state });
const granted = (state: GrantState): PermissionRequest =>
  inState({
    kind: 'approved',
    by: { kind: 'person', person: carol },
    at: start,
    duration: hour,
    grant: {
      id: must(parseGrantId(uuid(2))),
      rightId: must(parseRightId(uuid(3))),
      account: 'bob',
      duration: hour,
      standing: false,
      state,
    },
  });
const end = instant(start + 3_600_000);
const evidence = { observedAt: instant(end + 420), leftInPlace: undefined, sessionsEnded: 2 } as const;

const states: Record<string, PermissionRequest> = {
  pending,
  denied: inState({ kind: 'denied', by: { kind: 'person', person: carol }, at: start, reason: 'not today' }),
  deniedByPolicy: inState({ kind: 'denied', by: { kind: 'policy', name: 'No production' }, at: start, reason: undefined }),
  cancelled: inState({ kind: 'cancelled', at: start }),
  lapsed: inState({ kind: 'lapsed', at: start }),
  planned: granted({ kind: 'planned', latestEnd: end, provisionUntil: end }),
  active: granted({ kind: 'active', grantedAt: start, expiresAt: end }),
  ending: granted({ kind: 'ending', end: { kind: 'expired', at: end } }),
  expired: granted({ kind: 'ended', end: { kind: 'expired', at: end }, evidence }),
  relinquished: granted({ kind: 'ended', end: { kind: 'relinquished', at: end }, evidence: { ...evidence, leftInPlace: 'pre-existing' } }),
  revoked: granted({
    kind: 'ended',
    end: { kind: 'revoked', at: end, by: carol, reason: 'left' },
    evidence: { ...evidence, leftInPlace: 'another-grant' },
  }),
  failed: granted({ kind: 'failed', at: start, why: 'no such role' }),
};

const approvalOf = (request: PermissionRequest): Message =>
  approval({
    request,
    choice: request.state.kind === 'pending' ? { durations: [hour, day], digest } : undefined,
    approvers: ['Security reviewers'],
  });

type Node = { readonly [key: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Everything of a type, however deep. */
function all(value: unknown, type: string): Node[] {
  if (Array.isArray(value)) return value.flatMap((each) => all(each, type));
  if (!isNode(value)) return [];
  return [...(value['type'] === type ? [value] : []), ...Object.values(value).flatMap((each) => all(each, type))];
}
const buttonIds = (message: { blocks: unknown }): unknown[] => all(message.blocks, 'button').map((button) => button['action_id']);
/** What a reader sees, run together. */
const seen = (message: { blocks: unknown }): string =>
  [...all(message.blocks, 'text'), ...all(message.blocks, 'plain_text')].map((node) => String(node['text'])).join('');

describe('the approval message', () => {
  it('says who asks for what, why and for how long, with the asked duration chosen', () => {
    const message = approvalOf(pending);
    expect(seen(message)).toContain('bob@example.com asks for role readonly on sample (pg)');
    expect(seen(message)).toContain('look at orders');
    expect(seen(message)).toContain('Security reviewers');
    const [select] = all(message.blocks, 'static_select');
    expect(select?.['initial_option']).toMatchObject({ value: '3600' });
    expect(buttonIds(message)).toEqual(['approve', 'deny', 'ask_more']);
    expect(all(message.blocks, 'button').map((button) => button['value'])).toEqual([
      `${pending.id}.${digest}`,
      `${pending.id}.${digest}`,
      pending.id,
    ]);
    expect(message.text).toContain('bob@example.com asks for role readonly');
    expect(message.text).toContain('look at orders');
  });

  it('offers an asked duration that is no preset, in its place', () => {
    const message = approvalOf({ ...pending, asked: minutes });
    const [select] = all(message.blocks, 'static_select');
    expect(select?.['initial_option']).toMatchObject({ value: '5400' });
    expect(all(select?.['options'], 'plain_text').map((text) => text['text'])).toEqual(['1 hour', '1 hour 30 minutes (as asked)', '1 day']);
  });

  it('names both people where one asks for another', () => {
    expect(seen(approvalOf({ ...pending, principal: dave }))).toContain(
      'bob@example.com asks for role readonly on sample (pg), on behalf of dave@example.com',
    );
  });

  it('says of an extension what it adds to, and until when', () => {
    const id = pending.id;
    const message = approvalOf({ ...pending, extension: { of: id, first: id, from: start, until: end } });
    expect(seen(message)).toContain('For: 1 hour more');
    expect(seen(message)).toContain('More time for access until . If approved, it ends ');
    expect(all(message.blocks, 'date').map((date) => date['fallback'])).toEqual([
      '2025-01-31 10:00 UTC',
      '2025-01-31 11:00 UTC',
      '2025-02-01 09:00 UTC',
    ]);
  });

  it('says first that it was escalated, and why', () => {
    const message = approvalOf({ ...pending, escalation: { at: start, reason: '<!channel> the shop is down', isPaged: true } });
    expect(seen(message)).toContain('whoever is on call was told: <!channel> the shop is down');
    expect(message.text).toMatch(/^🔺 Escalated/);
    expect(message.text).toContain('&lt;!channel&gt;');
  });

  it.each([
    ['denied', 'Denied by carol@example.com', []],
    ['deniedByPolicy', 'Denied by policy No production', []],
    ['cancelled', 'Cancelled by bob@example.com', []],
    ['lapsed', 'Lapsed', []],
    ['planned', 'Approved', ['revoke']],
    ['active', 'Active until', ['revoke']],
    ['ending', 'Ending', []],
    ['expired', 'Ended: its time was over', []],
    ['relinquished', 'Ended: given back by bob@example.com', []],
    ['revoked', 'Ended: revoked early by carol@example.com', []],
    ['failed', 'Failed', []],
  ])('when %s says so in words and has only the buttons that mean something', (name, words, buttons) => {
    const message = approvalOf(must(states[name]));
    expect(seen(message)).toContain(words);
    expect(buttonIds(message)).toEqual(buttons);
    expect(all(message.blocks, 'static_select')).toEqual([]);
    expect(message.text).toContain(words.split(/[: ]/)[0]);
  });

  it('says who agreed for how long, and what was seen at the target how long after the end', () => {
    expect(seen(approvalOf(must(states['active'])))).toContain('Approved by carol@example.com for 1 hour');
    expect(seen(approvalOf(must(states['expired'])))).toContain('0.4 s after the end');
    expect(seen(approvalOf(must(states['expired'])))).toContain('2 open sessions were closed');
    expect(seen(approvalOf(must(states['revoked'])))).toContain('another grant still gives it');
  });

  it('shows times in the zone of the reader, with a fallback that names its own', () => {
    const message = approvalOf(must(states['active']));
    expect(all(message.blocks, 'date')[0]).toMatchObject({ timestamp: end / 1000, fallback: '2025-01-31 10:00 UTC' });
    expect(message.text).toContain(`<!date^${end / 1000}^{date_short_pretty} at {time}|2025-01-31 10:00 UTC>`);
  });

  it('asks before it revokes, naming what and whose', () => {
    const [dialog] = all(approvalOf(must(states['active'])).blocks, 'button').map((button) => button['confirm']);
    expect(JSON.stringify(dialog)).toContain('role readonly on sample');
    expect(JSON.stringify(dialog)).toContain('bob@example.com');
  });
});

describe('the direct messages', () => {
  it('let the requestor cancel only while it waits', () => {
    for (const [name, request] of Object.entries(states)) {
      expect(buttonIds(requestMessage({ request, approvers: [] }))).toEqual(name === 'pending' ? ['nudge', 'cancel'] : []);
    }
  });

  it('show how to use the access and never a password, with the buttons only while it is active', () => {
    const usage = { command: 'psql -h localhost -U bob sample', account: 'bob' };
    const active = access({ request: must(states['active']), usage, secretWaits: true });
    expect(seen(active)).toContain(usage.command);
    expect(buttonIds(active)).toEqual(['show_secret', 'relinquish']);
    expect(buttonIds(access({ request: must(states['active']), usage, secretWaits: false }))).toEqual(['relinquish']);
    expect(buttonIds(access({ request: must(states['expired']), usage, secretWaits: true }))).toEqual([]);
  });

  it('tell the principal what ended and that it was seen to be gone', () => {
    const message = ended({ request: must(states['expired']) });
    expect(message.text).toContain('has ended');
    expect(seen(message)).toContain('Seen to be gone at the target');
  });

  it('do not say so where nobody looked, because there was nothing to take away', () => {
    const state = {
      kind: 'ended',
      end: { kind: 'relinquished', at: end },
      evidence: { ...evidence, sessionsEnded: 0, untouched: true },
    } as const;
    const request = granted(state);
    expect(seen(ended({ request }))).toContain('There was nothing of it to take away at the target. Settled ');
    expect(seen(ended({ request }))).not.toContain('Seen to be gone');
    const summary = several({ what: 'endings', several: { total: 1, live: 0, requests: [request] } });
    expect(seen(summary)).toContain('; there was nothing of it to take away');
    expect(seen(summary)).not.toContain('seen gone');
  });
});

/** Any UTF-16 units, halves of characters among them; fast-check's own are slow to set up. */
const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((each) => String.fromCharCode(...each));

/** What people would write to pass for somebody else or to break a message. */
const nasty = fc.oneof(
  fc.string({ maxLength: 300 }),
  units,
  fc.constantFrom(
    'x'.repeat(10_000),
    '👩‍👩‍👧‍👦'.repeat(2_000),
    '\u202Egnp.exe\u2066\u200B\u200D',
    '<!channel> <@U0ALICE01> <https://evil.example|Approved by alice>',
    '```\n*Approved by alice@example.com*\n> ok\n```',
    ':white_check_mark: *Approved*',
    '\n'.repeat(500),
    '\0\u0007\uD800',
    ' ',
    '',
    '&lt;!here&gt; & <',
  ),
);
const name = nasty;

/** A request of every kind in which everything that people or targets say is hostile. */
const hostile: fc.Arbitrary<PermissionRequest> = fc
  .record({
    request: fc.constantFrom(...Object.values(states)),
    reason: fc.option(nasty, { nil: undefined }),
    said: nasty,
    permission: fc.record({ integration: name, service: name, accessType: name, resource: name }),
    isForOther: fc.boolean(),
  })
  .map(({ request, reason, said, permission, isForOther }) => ({
    ...request,
    reason,
    permission,
    principal: isForOther ? dave : bob,
    state: withWords(request.state, said),
  }));

function withWords(state: RequestState, said: string): RequestState {
  if (state.kind === 'denied') return { ...state, reason: said };
  if (state.kind !== 'approved') return state;
  const grant = state.grant.state;
  if (grant.kind === 'failed') return { ...state, grant: { ...state.grant, state: { ...grant, why: said } } };
  if (grant.kind === 'ended' && grant.end.kind === 'revoked') {
    return { ...state, grant: { ...state.grant, state: { ...grant, end: { ...grant.end, reason: said } } } };
  }
  return state;
}

const hidden = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/u;

function expectMessage(message: Message): void {
  expect(checkMessageBlocks(JSON.parse(JSON.stringify(message.blocks)))).toMatchObject({ ok: true });
  const length = Array.from(message.text).length;
  expect(length).toBeGreaterThan(0);
  expect(length).toBeLessThan(4000);
  // Besides the dates that we put there, nothing in it is live.
  expect(message.text.replaceAll(/<!date\^[0-9]+\^[^<>]*>/g, '')).not.toMatch(/[<>]/);
  expect(message.text).not.toMatch(hidden);
  expect(JSON.stringify(message.blocks)).not.toMatch(hidden);
  // Markup is never interpreted where others' words stand.
  expect(all(message.blocks, 'mrkdwn')).toEqual([]);
  expect(all(message.blocks, 'text').every((node) => node['text'] !== '')).toBe(true);
}

const expectView = (view: unknown): void => expect(checkView(JSON.parse(JSON.stringify(view)))).toMatchObject({ ok: true });

describe('whatever people write', () => {
  it('makes messages that Slack takes and that say nothing of their own', () => {
    fc.assert(
      fc.property(hostile, fc.array(nasty, { maxLength: 12 }), nasty, (request, approvers, said) => {
        const choice = { durations: [hour, day], digest };
        expectMessage(approval({ request, choice, approvers }));
        expectMessage(requestMessage({ request, approvers }));
        expectMessage(access({ request, usage: { command: said, account: said }, secretWaits: true }));
        expectMessage(ended({ request }));
        expectMessage(submittedReply(request, true));
        expectMessage(requestsReply(Array.from({ length: 30 }, () => request)));
        expectMessage(sentence(said, said));
        expectMessage(helpReply(said));
        const item = { key: said, value: `${said}!`, group: said, isPreexisting: true };
        expectMessage(listReply({ arg: said, term: said, isTruncated: false, items: Array.from({ length: 40 }, () => item) }));
      }),
      { numRuns: 60 },
    );
  });

  it('makes views that Slack takes', () => {
    fc.assert(
      fc.property(hostile, nasty, (request, said) => {
        const ids = (n: number) => Array.from({ length: n }, (_, index) => ({ ...request, id: must(parseRequestId(uuid(index + 1))) }));
        const page = { requests: ids(20), newer: 'newest' as const, older: { before: request.id } };
        const recent = ids(9).map((each, index) => ({ ...each.permission, resource: `${said}${index}`, label: said }));
        const overdue = { count: 1_000, shown: ids(20).map((each) => ({ request: each, problem: said })) };
        const position = { waiting: 'newest', requests: { after: request.id }, access: { before: request.id } } as const;
        expectView(home({ waiting: page, requests: page, access: page, position, overdue, isOwner: true, recent }));
        expectView(homeNotice(said));
        const choice = request.state.kind === 'pending' ? { durations: [hour, day], digest } : undefined;
        expectView(review({ request, choice, approvers: [said], policies: [said, said, said, said], history: { count: 0, last: start } }));
        expectView(secret({ usage: { command: said, account: said }, password: 'p4ssw0rd' }));
        expectView(noticeView(said, said, said));
        expectView(loading(said));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps a quotation a quotation', () => {
    const forged = 'ok\n\n*Approved by alice@example.com*';
    const message = approvalOf({ ...pending, reason: forged });
    const [quoted] = all(message.blocks, 'rich_text_quote');
    expect(quoted?.['elements']).toEqual([{ type: 'text', text: forged }]);
  });
});
