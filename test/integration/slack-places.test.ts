import { WebAPIRateLimitedError, WebClient } from '@slack/web-api';
import { expect, it, vi } from 'vitest';
import { Unreachable } from '../../src/app/unreachable.ts';
import { Unusable } from '../../src/app/unusable.ts';
import { parseEmail } from '../../src/domain/ids.ts';
import { accept } from '../../src/domain/result.ts';
import { posting } from '../../src/domain/posting.ts';
import { usable } from '../../src/slack/channels.ts';
import { createPace } from '../../src/slack/pace.ts';
import { createPeople } from '../../src/slack/people.ts';
import { createPlaces } from '../../src/slack/places.ts';
import { must, someRequest } from '../support/http-app.ts';
import { jumpingClock } from '../support/jumping-clock.ts';
import { noHome, startSlackApp } from '../support/slack-app.ts';
import { createWorld, org } from '../support/world.ts';

const request = someRequest();
const picture = { request, choice: undefined, approvers: [], usage: undefined, secretWaits: false };

it('writes to the account that is linked to a person, whatever its address is now', async () => {
  await using running = await startSlackApp('socket', {
    linkedUser: async () => 'U0DAVE001',
    findLink: async () => ({ person: request.requestor }),
  });
  await running.app.messenger.post(posting('request'), picture, undefined);
  expect(running.slack.workspace.as('dave').dm()).toHaveLength(1);
});

it('does not write to a linked account that has become that of somebody else, or a guest', async () => {
  const people = [{ id: 'U0GUEST01', name: 'guest', isRestricted: true }];
  for (const linked of ['U0DAVE001', 'U0GUEST01', 'U0NOBODY1']) {
    await using running = await startSlackApp('socket', { linkedUser: async () => linked }, 'approvals', { people });
    await expect(running.app.messenger.post(posting('request'), picture, undefined)).rejects.toThrow(Unreachable);
  }
});

it.each(['nowhere', 'C0NOWHERE', 'prod', 'elsewhere'])('says that channel %s cannot be used', async (channel) => {
  const channels = [{ id: 'C0PROD001', name: 'prod', members: ['U0CAROL01'] }];
  await using running = await startSlackApp('socket', {}, 'approvals', { channels });
  const post = running.app.messenger.post(posting('approval', { kind: 'channel', channel }), picture, undefined);
  await expect(post).rejects.toThrow(Unusable);
});

it.each(['views.publish', 'users.info'])('opens windows while %s is limited', async (method) => {
  await using running = await startSlackApp('http', { home: async () => noHome });
  const { workspace } = running.slack;
  // Longer than a person would wait, and than this test does.
  workspace.faults.next(method, { retryAfterSeconds: 60 });
  const met = vi.spyOn(workspace.faults, 'take');
  await workspace.as('bob').openHome();
  await expect.poll(() => met.mock.calls.flat()).toContain(method);
  await workspace.as('carol').command('/access');
  await workspace.until(() => workspace.as('carol').views().length === 1);
});

it.each(['a message', 'a command'])('asks for nobody while Slack wants it to wait, whether %s met the limit', async (what) => {
  await using running = await startSlackApp('http', { runCommand: async () => accept({ kind: 'help', text: 'some help' }) });
  const { workspace } = running.slack;
  const jump = jumpingClock();
  const carol = workspace.as('carol');
  const met = vi.spyOn(workspace.faults, 'take');
  const asked = () => met.mock.calls.flat().filter((method) => method === 'users.info').length;
  const post = () => running.app.messenger.post(posting('request'), picture, undefined);
  const type = async (words: string) => {
    await carol.command('/access ls');
    await workspace.until(() => JSON.stringify(carol.ephemerals()).includes(words));
  };
  workspace.faults.next('users.info', { retryAfterSeconds: 600 });
  const [first, second] = what === 'a message' ? [post, type] : [type, post];
  for (const each of [first, second]) await (each === post ? expect(post()).rejects.toThrow('would have to wait') : type('eference'));
  expect(asked()).toBe(1);
  jump(601_000);
  await post();
  await type('some help');
  expect(asked()).toBe(3);
});

it('says at once that a window cannot be opened, and does not try again', async () => {
  await using running = await startSlackApp('http', {});
  const { workspace } = running.slack;
  workspace.faults.next('views.open', { retryAfterSeconds: 1 });
  const calls = vi.spyOn(workspace.faults, 'take');
  await workspace.as('bob').command('/access');
  await workspace.until(() => JSON.stringify(workspace.as('bob').ephemerals()).includes('eference'));
  expect(workspace.as('bob').views()).toEqual([]);
  expect(calls.mock.calls.flat().filter((method) => method === 'views.open')).toHaveLength(1);
});

it('knows the user who is linked to a person, by any spelling of the address, in that workspace only', async () => {
  await using world = await createWorld();
  const [bob, other] = [must(parseEmail('bob@example.com')), must(parseEmail('BOB@example.com'))];
  const whom = { provider: 'slack', workspace: 'T1', email: bob } as const;
  expect(await world.store.linkedUser(org, whom)).toBeUndefined();
  await world.store.linkAccount(org, { ...whom, user: 'U0BOB0001' });
  expect(await world.store.linkedUser(org, { ...whom, email: other })).toBe('U0BOB0001');
  expect(await world.store.linkedUser(org, { ...whom, workspace: 'T2' })).toBeUndefined();
});

it('asks no more for channels while Slack wants it to wait, whichever is wanted', async () => {
  let now = 0;
  const limited = new WebAPIRateLimitedError(30);
  const list = vi.fn(async () => Promise.reject(limited));
  const info = vi.fn(async () => Promise.reject(limited));
  const nowMs = (): number => now;
  const places = createPlaces({
    // Only these are asked here.
    client: { conversations: { list, info } } as unknown as WebClient,
    people: { idOf: async () => undefined },
    identities: { addressOf: async () => undefined, linkedUser: async () => undefined },
    pace: createPace(nowMs),
    approvals: 'approvals',
    isOrgWide: false,
    nowMs,
  });
  await expect(places.approvals()).rejects.toThrow();
  await expect(places.channel('other')).rejects.toThrow();
  await expect(places.channel('C0PROD001')).rejects.toThrow();
  await expect(places.channel('C0PROD002')).rejects.toThrow();
  expect([list, info].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  now = 31_000;
  await expect(places.approvals()).rejects.toThrow();
  expect(list).toHaveBeenCalledTimes(2);
});

it('looks at a channel again after a while, and when it could not be posted in', async () => {
  let now = 0;
  const list = vi.fn(async () => ({ channels: [{ id: 'C0PROD001', name: 'prod', is_ext_shared: now > 0 }] }));
  const client = { conversations: { list } } as unknown as WebClient;
  const people = { idOf: async () => undefined };
  const identities = { addressOf: async () => undefined, linkedUser: async () => undefined };
  const places = createPlaces({
    client,
    people,
    identities,
    pace: createPace(() => now),
    approvals: 'prod',
    isOrgWide: false,
    nowMs: () => now,
  });
  await places.approvals();
  await places.approvals();
  expect(list).toHaveBeenCalledTimes(1);
  places.forget('C0PROD001');
  await places.approvals();
  expect(list).toHaveBeenCalledTimes(2);
  now = 300_000;
  await expect(places.approvals()).rejects.toThrow('shared with another company');
});

it('holds back what Slack limited, and nobody else is looked for less', async () => {
  const ids: Readonly<Record<string, string>> = { 'bob@example.com': 'U0BOB0001', 'carol@example.com': 'U0CAROL01' };
  let isLimited = false;
  let limits = 0;
  const answer = (method: string, asked: URLSearchParams): Response => {
    if (method === 'conversations.open') return Response.json({ ok: true, channel: { id: `D${asked.get('users')}` } });
    if (method === 'users.lookupByEmail') return Response.json({ ok: true, user: { id: ids[asked.get('email') ?? ''] } });
    if (!isLimited) return Response.json({ ok: true, user: { id: asked.get('user'), profile: { email: 'bob@example.com' } } });
    limits += 1;
    return new Response('', { status: 429, headers: { 'retry-after': '30' } });
  };
  const client = new WebClient('xoxb-test', {
    fetch: async (url, init) => answer(must(String(url).split('/').at(-1)), new URLSearchParams(await new Request(url, init).text())),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
  const pace = createPace(() => 0);
  let mark = 'before';
  const people = createPeople(
    client,
    () => 0,
    async () => mark,
    (method, call) => pace.run(method, undefined, call),
  );
  const [bob, carol] = [must(parseEmail('bob@example.com')), must(parseEmail('carol@example.com'))];
  const places = createPlaces({
    client,
    people,
    identities: {
      linkedUser: async () => undefined,
      addressOf: async (userId) => [bob, carol].find((each) => ids[each] === userId),
    },
    pace,
    approvals: 'approvals',
    isOrgWide: false,
    nowMs: () => 0,
  });
  expect(await places.direct(bob)).toBe('DU0BOB0001');
  mark = 'after';
  isLimited = true;
  await expect(places.direct(bob)).rejects.toThrow('users.info would have to wait 30 s');
  expect(await places.direct(carol)).toBe('DU0CAROL01');
  await expect(people.account('U0CAROL01')).rejects.toThrow('users.info would have to wait 30 s');
  expect(limits).toBe(1);
});

it('does not wait with a home tab until people may be asked for again', async () => {
  await using running = await startSlackApp('http', { home: async () => noHome });
  running.slack.workspace.faults.next('users.info', { retryAfterSeconds: 5 });
  const tab = { account: 'U0BOB0001', place: '', shown: '' };
  await expect(running.app.messenger.drawHome(tab, async () => noHome)).rejects.toThrow('would have to wait');
});

it('posts in no channel that another company is invited to', () => {
  expect(() => usable({ id: 'C0PROD001', is_pending_ext_shared: true }, 'prod')).toThrow('shared with another company');
});
