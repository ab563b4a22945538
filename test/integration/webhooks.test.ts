import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { Webhook as Verifier } from 'standardwebhooks';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { createWork } from '../../src/app/index.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { parseOrg } from '../../src/domain/ids.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { strictHttpApp } from '../support/strict-http-app.ts';
import { bindConfiguredRoles, setBootstrapKey } from '../../src/store/configured.ts';
import { createWebhookWire } from '../../src/webhooks/index.ts';
import { must } from '../support/http-app.ts';
import { type Received, type Receiver, startReceiver } from '../support/receiver.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const bootstrap = 'the bootstrap key of these tests, which is long';
/** Names that the resolver of these tests knows. */
const names: Record<string, string> = { 'rebinding.example.com': '127.0.0.1', 'hooks.internal': '127.0.0.1' };
let world: World;
let app: FastifyInstance;
let receiver: Receiver;

beforeEach(async () => {
  world = await createWorld({
    receivers: {
      allowHosts: ['127.0.0.1', 'hooks.internal'],
      resolve: (name, answer) => answer(null, [{ address: names[name] ?? '127.0.0.1', family: 4 }]),
      deadlineMs: 2_000,
    },
  });
  receiver = await startReceiver();
  await setBootstrapKey(world.db, org, email('alice@example.com'), bootstrap);
  // That is an event too, and none of those that the tests are about.
  await world.work.seal();
  app = await strictHttpApp(world.useCases);
});
afterEach(async () => {
  await app.close();
  await receiver[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, token = bootstrap) {
  const send = () =>
    app.inject({
      method,
      url: `/o/demo${path}`,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
  let response = await send();
  // A machine that is busy with other tests makes the server refuse calls until it can keep up; nothing was done then.
  while (response.statusCode === 503) {
    await sleep(200);
    response = await send();
  }
  return { status: response.statusCode, text: response.body, body: response.body === '' ? undefined : response.json() };
}
async function makeWebhook(more: object = {}): Promise<{ id: string; secret: string; position: number }> {
  const made = await call('POST', '/webhooks', { url: receiver.url, ...more });
  expect(made.status, made.text).toBe(201);
  return made.body;
}
const read = async (id: string) => (await call('GET', `/webhooks/${id}`)).body;

/** Something happens, and is sealed. Each submission is one event. */
async function submit(reason: string): Promise<void> {
  const asked = await world.useCases.submitRequest(await world.caller('bob'), {
    right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
    reason,
    duration: must(parseDuration('1h')),
    to: undefined,
  });
  expect(asked.ok).toBe(true);
  await world.work.seal();
}
const deliver = () => world.work.callWebhooks();
/** As though every pause were over. */
const comeBack = () => world.pool.query(`update webhooks set next_try_at = clock_timestamp() where next_try_at > clock_timestamp()`);

type Payload = { type: string; timestamp: string; data: { seq: number; data: { reason?: string } } & Record<string, unknown> };
const payload = ({ body }: Received): Payload => JSON.parse(body);
const reasons = () => receiver.received.map((each) => payload(each).data.data.reason);
const ids = () => receiver.received.map(({ headers }) => headers['webhook-id']);
const verify = (secret: string, { body, headers }: Received) =>
  new Verifier(secret).verify(body, Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])));

async function claimed() {
  for (;;) {
    const claim = must(await world.store.webhooks.claim());
    if (claim !== 'passed by') return claim;
  }
}

describe('a webhook', () => {
  it('is sent what happened, signed and in order, and nothing else', async () => {
    await submit('before');
    const { id, secret, ...rest } = await makeWebhook();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toMatchObject({ events: ['request.*', 'grant.*'], enabled: true, url: receiver.url });
    for (const reason of ['one', 'two', 'three']) await submit(reason);
    await call('POST', '/webhooks', { url: 'http://elsewhere.example.com' });
    await world.work.seal();
    expect(await deliver()).toBe(3);
    expect(await deliver()).toBe(0);
    expect(reasons()).toEqual(['one', 'two', 'three']);
    for (const each of receiver.received) {
      expect(verify(secret, each)).toEqual(payload(each));
      expect(() => verify(secret, { ...each, body: each.body.replace('"request.', '"grant.') })).toThrow('No matching signature');
      expect(each.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': `evt_demo_${payload(each).data.seq}` });
    }
    const [first] = receiver.received;
    const [event] = (await call('GET', '/audit?action=request.submitted&limit=100')).body.items.slice(-2);
    const { action, time, ...data } = event;
    expect(first === undefined ? undefined : payload(first)).toEqual({ type: action, timestamp: time, data: { org: 'demo', ...data } });
    expect(await read(id)).toMatchObject({ behind: 0, failures: 0, lastStatus: 204, lastProblem: null, nextTryAt: null });
  });

  it('is sent all kinds that it asked for', async () => {
    await makeWebhook({ events: ['webhook.*', 'request.submitted'] });
    await makeWebhook({ url: `${receiver.url}/all`, events: ['*'] });
    await submit('one');
    await deliver();
    const types = (path: string) => receiver.received.filter((each) => each.path === path).map((each) => payload(each).type);
    expect(types('/hook')).toEqual(['webhook.created', 'webhook.created', 'request.submitted']);
    expect(types('/hook/all').toSorted()).toEqual(types('/hook').toSorted());
  });

  it('passes by thousands of events that nobody wants', async () => {
    await submit('before');
    const { id, position } = await makeWebhook({ events: ['grant.ended'] });
    await world.pool.query(`with head as (update audit_heads set seq = seq + 25000 where org = 'demo' returning seq),
      a as (insert into audit (org, action, actor) select 'demo', case n when 24000 then 'grant.ended' else 'grant.failed' end, '{}' from generate_series(1, 25000) n returning id)
      insert into audit_chain (org, seq, event_id, hash) select 'demo', head.seq - 25000 + row_number() over (order by id), id, '' from a, head`);
    expect(await deliver()).toBe(1);
    expect(await read(id)).toMatchObject({ behind: 0, lastSeq: position + 24_000 });
  });
});

describe('a receiver that fails', () => {
  it('is sent the same event again, before the next, after a growing pause', async () => {
    const { id, secret } = await makeWebhook();
    await submit('one');
    await submit('two');
    receiver.next(500, 503);
    expect(await deliver()).toBe(1);
    const failing = await read(id);
    expect(failing).toMatchObject({ failures: 1, lastStatus: 500, behind: 3, enabled: true });
    const pause = Date.parse(failing.nextTryAt) - Date.parse(failing.lastCallAt);
    expect(pause).toBeGreaterThanOrEqual(4_000);
    expect(pause).toBeLessThanOrEqual(6_000);
    await comeBack();
    expect(await deliver()).toBe(1);
    expect(await deliver()).toBe(0);
    await comeBack();
    expect(await deliver()).toBe(2);
    expect(reasons()).toEqual(['one', 'one', 'one', 'two']);
    expect(new Set(ids()).size).toBe(2);
    expect(ids().slice(0, 3)).toEqual([ids()[0], ids()[0], ids()[0]]);
    for (const each of receiver.received) expect(verify(secret, each)).toEqual(payload(each));
    expect(await read(id)).toMatchObject({ failures: 0, failingSince: null, lastStatus: 204, behind: 0 });
    expect(JSON.stringify(world.lines)).not.toContain('why not');
  });

  it('keeps nobody else waiting', async () => {
    await using other = await startReceiver();
    await makeWebhook();
    receiver.next(() => undefined);
    await submit('one');
    const hanging = deliver();
    await receiver.arrived(1);
    await makeWebhook({ url: other.url });
    await submit('two');
    await deliver();
    expect(other.received.map((each) => payload(each).data.data.reason)).toEqual(['two']);
    await hanging;
    expect((await call('GET', '/webhooks')).body.items.at(-1)).toMatchObject({
      lastStatus: null,
      lastProblem: 'no answer in time',
      failures: 1,
    });
  });

  it('is disabled when it says that it is gone, and goes on where it stopped', async () => {
    const { id } = await makeWebhook();
    await submit('one');
    receiver.next(410);
    await deliver();
    await submit('two');
    expect(await deliver()).toBe(0);
    expect(await read(id)).toMatchObject({ enabled: false, disabledWhy: 'gone', lastStatus: 410, nextTryAt: null });
    expect(await call('PUT', `/webhooks/${id}`, { enabled: true })).toMatchObject({
      status: 200,
      body: { enabled: true, disabledWhy: null },
    });
    await deliver();
    expect(reasons()).toEqual(['one', 'one', 'two']);
  });

  it('is disabled after five days without a success, with an event', async () => {
    const { id } = await makeWebhook();
    await submit('one');
    receiver.next(500, 500, 500);
    await deliver();
    await world.pool.query(`update webhooks set failing_since = failing_since - interval '5 days' + interval '1 hour'`);
    await comeBack();
    await deliver();
    expect(await read(id)).toMatchObject({ enabled: true, failures: 2 });
    await world.pool.query(`update webhooks set failing_since = failing_since - interval '1 hour'`);
    await comeBack();
    await deliver();
    expect(await read(id)).toMatchObject({ enabled: false, disabledWhy: 'failing', failures: 3 });
    expect((await world.audit()).at(-1)).toMatchObject({
      action: 'webhook.disabled',
      actor: { kind: 'system' },
      data: { webhook: id, why: 'failing', host: `127.0.0.1:${receiver.port}`, lastStatus: 500 },
    });
    expect(world.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'a webhook was disabled' }));
  });

  it('may answer with a whole book, or break off, and only the status counts', async () => {
    const { id } = await makeWebhook();
    for (const reason of ['one', 'two', 'three']) await submit(reason);
    receiver.next(
      (response) => response.writeHead(200).end('x'.repeat(5_000_000)),
      (response) => {
        response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy());
      },
      (response) => response.destroy(),
    );
    await deliver();
    expect(reasons()).toEqual(['one', 'two', 'three']);
    expect(await read(id)).toMatchObject({ failures: 1, lastStatus: null, lastProblem: 'UND_ERR_SOCKET' });
  });
});

describe('a worker', () => {
  it('that dies in the middle of a call loses nothing', async () => {
    const { id } = await makeWebhook();
    await submit('one');
    await submit('two');
    // What a killed process leaves behind: it claimed the endpoint, and perhaps called it.
    const claim = await claimed();
    expect(await deliver()).toBe(0);
    await world.pool.query(`update webhooks set lease_until = clock_timestamp()`);
    expect(await deliver()).toBe(2);
    expect(ids()).toEqual([`evt_demo_${claim.event.seq}`, expect.stringMatching(/^evt_demo_\d+$/)]);
    expect(reasons()).toEqual(['one', 'two']);
    // It was only frozen, and writes back what nobody waits for.
    const before = await read(id);
    await world.store.webhooks.pass(claim, { kind: 'answered', status: 200 });
    await world.store.webhooks.postpone(
      claim,
      { kind: 'failed', why: 'late' },
      { pause: must(parseDuration('1h')), longest: must(parseDuration('1h')), gone: true },
    );
    expect(await read(id)).toEqual(before);
  });

  it('that is stopped leaves its call to the next one, and counts no failure', async () => {
    const { id } = await makeWebhook();
    await submit('one');
    const stopping = new AbortController();
    const { deps, messenger, jobs, hands } = world;
    const work = createWork({ ...deps, messenger, jobs, hands: { ...hands, stopping: stopping.signal } });
    receiver.next(() => undefined);
    const running = work.callWebhooks();
    await receiver.arrived(1);
    stopping.abort();
    await running;
    expect(await read(id)).toMatchObject({ failures: 0, lastCallAt: null });
    expect(await deliver()).toBe(1);
    expect(ids()[0]).toBe(ids()[1]);
  });

  it('shares the endpoints with others, and none is called twice', async () => {
    await makeWebhook();
    for (let n = 0; n < 12; n++) await submit(`${n}`);
    const calls = await Promise.all(Array.from({ length: 6 }, () => deliver()));
    expect(calls.reduce((sum, each) => sum + each, 0) + (await deliver())).toBe(12);
    expect(reasons()).toEqual(Array.from({ length: 12 }, (_, n) => `${n}`));
  });
});

describe('replaying', () => {
  it('sends again what came from an event or a time on, under the same ids', async () => {
    const { id, position } = await makeWebhook();
    for (const reason of ['one', 'two', 'three']) await submit(reason);
    await deliver();
    const second = payload(must(receiver.received[1]));
    expect(await call('POST', `/webhooks/${id}/replay`, { from: second.data.seq })).toMatchObject({
      status: 200,
      body: { position: second.data.seq - 1 },
    });
    await deliver();
    expect(await call('POST', `/webhooks/${id}/replay`, { from: second.timestamp })).toMatchObject({ status: 200 });
    await deliver();
    expect(reasons()).toEqual(['one', 'two', 'three', 'two', 'three', 'two', 'three']);
    expect(ids().slice(3)).toEqual([...ids().slice(1, 3), ...ids().slice(1, 3)]);
    expect((await world.audit()).filter(({ action }) => action === 'webhook.replayed')[0]?.data).toMatchObject({
      webhook: id,
      from: second.data.seq,
    });
    expect(await call('POST', `/webhooks/${id}/replay`, { from: 1 })).toMatchObject({ status: 200, body: { position: 0 } });
    for (const from of [0, -1, 1.5, 'yesterday', '2026-02-30T00:00:00Z', 1_000_000, 2 ** 53, null, [1]])
      expect(await call('POST', `/webhooks/${id}/replay`, { from }), String(from)).toMatchObject({ status: 400 });
    expect(position).toBeGreaterThanOrEqual(0);
  });

  it('leaves out what a receiver will never take', async () => {
    const { id } = await makeWebhook();
    await submit('poison');
    await submit('good');
    receiver.next(400);
    await deliver();
    const { lastSeq } = await read(id);
    expect(await call('POST', `/webhooks/${id}/replay`, { from: lastSeq + 1 })).toMatchObject({ status: 200, body: { failures: 0 } });
    await deliver();
    expect(reasons()).toEqual(['poison', 'good']);
  });

  it('voids the call under way', async () => {
    const { id, position } = await makeWebhook();
    await submit('one');
    const claim = await claimed();
    await call('POST', `/webhooks/${id}/replay`, { from: position + 1 });
    await world.store.webhooks.pass(claim, { kind: 'answered', status: 200 });
    expect(await read(id)).toMatchObject({ position });
  });
});

describe('a secret', () => {
  it('is rotated with a day in which both sign', async () => {
    const { id, secret: former } = await makeWebhook();
    const rotated = await call('POST', `/webhooks/${id}/rotate-secret`);
    expect(rotated).toMatchObject({ status: 200, body: { id, formerSecretUntil: expect.any(String) } });
    const { secret } = rotated.body;
    expect(secret).not.toBe(former);
    await submit('one');
    await deliver();
    await world.pool.query(`update webhooks set former_secret_until = former_secret_until - interval '1 day'`);
    await submit('two');
    await deliver();
    const [both, one] = receiver.received.map((each) => each);
    if (both === undefined || one === undefined) throw new Error('not both arrived');
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect([verify(former, both), verify(secret, both), verify(secret, one)]).toEqual([payload(both), payload(both), payload(one)]);
    expect(() => verify(former, one)).toThrow('No matching signature');
    expect(await read(id)).toMatchObject({ formerSecretUntil: null });
  });

  it('is shown once, and is nowhere else', async () => {
    const { id, secret } = await makeWebhook({ url: `${receiver.url}/token-in-the-path`, description: 'for Splunk' });
    const rotated = (await call('POST', `/webhooks/${id}/rotate-secret`)).body.secret;
    receiver.next(500);
    await submit('one');
    await deliver();
    await call('PUT', `/webhooks/${id}`, { events: ['*'] });
    const shown = [
      (await call('GET', '/webhooks')).text,
      (await call('GET', `/webhooks/${id}`)).text,
      (await call('PUT', `/webhooks/${id}`, { description: 'x' })).text,
      JSON.stringify(world.lines),
      JSON.stringify(await world.audit()),
      JSON.stringify((await world.pool.query('select * from webhooks')).rows),
      JSON.stringify(receiver.received),
    ];
    for (const each of [secret, rotated]) for (const place of shown) expect(place).not.toContain(each.slice(6, 30));
    expect(JSON.stringify(await world.audit())).not.toContain('token-in-the-path');
    expect(JSON.stringify(world.lines)).not.toContain('token-in-the-path');
  });

  it('that cannot be opened any more is a failure with a reason, not a fault', async () => {
    const { id } = await makeWebhook();
    await world.pool.query(`update webhooks set secret = 'v1.' || encode(sha256('x'), 'base64')`);
    await submit('one');
    expect(await deliver()).toBe(1);
    expect(await read(id)).toMatchObject({ failures: 1, lastProblem: expect.stringContaining('rotate it') });
    await call('POST', `/webhooks/${id}/rotate-secret`);
    expect(receiver.received).toEqual([]);
  });
});

describe('an address inside', () => {
  it('is not called, whatever name leads to it', async () => {
    const { id } = await makeWebhook({ url: `https://rebinding.example.com:${receiver.port}/` });
    await submit('one');
    expect(await deliver()).toBe(1);
    expect(await read(id)).toMatchObject({ failures: 1, lastProblem: 'its address is not on the public Internet', lastStatus: null });
    expect(receiver.connections()).toBe(0);
    // The same address under a name that is allowed.
    await call('PUT', `/webhooks/${id}`, { url: `http://hooks.internal:${receiver.port}/` });
    await deliver();
    expect(reasons()).toEqual(['one']);
  });

  it('is not called by its number, even if it was stored before', async () => {
    await using wire = createWebhookWire({ allowHosts: [] });
    const never = new AbortController().signal;
    const at = await world.store.now();
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '127.1', '2130706433'])
      expect(await wire.post({ url: `https://${host}:${receiver.port}/`, secrets: [], messageId: 'x', at, body: '' }, never), host).toEqual(
        {
          kind: 'failed',
          why: 'its address is not on the public Internet',
        },
      );
    expect(
      await wire.post({ url: `http://rebinding.example.com:${receiver.port}/`, secrets: [], messageId: 'x', at, body: '' }, never),
    ).toEqual({
      kind: 'failed',
      why: 'its address is not https',
    });
    expect(receiver.connections()).toBe(0);
  });

  it('is believed to be a host only with its certificate', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'hooks.internal' }]);
    await using impostor = await startReceiver({ cert, key });
    const { id } = await makeWebhook({ url: `https://hooks.internal:${impostor.port}/` });
    await submit('one');
    await deliver();
    expect(await read(id)).toMatchObject({ failures: 1, lastStatus: null, lastProblem: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(impostor.received).toEqual([]);
  });

  it('is not gone to when a receiver redirects there', async () => {
    await using inside = await startReceiver();
    const { id } = await makeWebhook();
    await submit('one');
    for (const location of ['http://169.254.169.254/latest/meta-data/', inside.url]) {
      receiver.next((response) => response.writeHead(307, { location }).end());
      await deliver();
      expect(await read(id)).toMatchObject({ lastStatus: 307, enabled: true });
      await comeBack();
    }
    expect(await read(id)).toMatchObject({ failures: 2 });
    expect(inside.connections()).toBe(0);
  });

  it('is refused at once where it can be told by the address alone', async () => {
    for (const url of ['https://169.254.169.254/', 'https://[::1]/', 'http://example.com/', 'https://a:b@example.com/', 'x', '', 7, null]) {
      const made = await call('POST', '/webhooks', { url });
      expect(made, String(url)).toMatchObject({ status: 400 });
    }
    const { id } = await makeWebhook();
    expect(await call('PUT', `/webhooks/${id}`, { url: 'https://10.0.0.1/' })).toMatchObject({ status: 400 });
  });
});

describe('who may', () => {
  const other = must(parseOrg('other'));
  const ownerElsewhere = async (): Promise<Caller> => {
    await bindConfiguredRoles(world.db, other, { owner: [email('mallory@example.com')], manager: [] });
    const person = await world.useCases.identify(other, { provider: 'slack', subject: 'T2/mallory', email: email('mallory@example.com') });
    return { org: other, via: 'api', scopes: everyScope, person };
  };

  it('another organisation sees nothing of it, and is sent nothing', async () => {
    const { id } = await makeWebhook();
    const mallory = await ownerElsewhere();
    const { webhooks } = world.useCases;
    const notFound = { ok: false, rejection: { code: 'not-found' } };
    expect(await webhooks.list(mallory)).toEqual({ ok: true, value: [] });
    expect(await webhooks.read(mallory, id)).toEqual(notFound);
    expect(await webhooks.change(mallory, id, { url: undefined, events: undefined, description: undefined, enabled: false })).toEqual(
      notFound,
    );
    expect(await webhooks.rotateSecret(mallory, id)).toEqual(notFound);
    expect(await webhooks.replay(mallory, id, { seq: 1 })).toEqual(notFound);
    expect(await webhooks.remove(mallory, id)).toEqual(notFound);
    const own = await webhooks.create(mallory, {
      url: `${receiver.url}/mallory`,
      events: ['*'],
      description: undefined,
      enabled: undefined,
    });
    expect(own.ok).toBe(true);
    await submit('one');
    await deliver();
    const paths = receiver.received.map((each) => [each.path, payload(each).data['org']]);
    expect(paths).toContainEqual(['/hook', 'demo']);
    expect(paths).toContainEqual(['/hook/mallory', 'other']);
    expect(paths.filter(([path, of]) => (path === '/hook') !== (of === 'demo'))).toEqual([]);
  });

  it('only owners, with a token for settings that may read the log too', async () => {
    const { id } = await makeWebhook();
    const wish = { url: receiver.url, events: undefined, description: undefined, enabled: undefined };
    const { webhooks } = world.useCases;
    const telling = async (caller: Caller) => [
      await webhooks.create(caller, wish),
      await webhooks.change(caller, id, wish),
      await webhooks.rotateSecret(caller, id),
      await webhooks.replay(caller, id, { seq: 1 }),
    ];
    const all = async (caller: Caller) => [
      ...(await telling(caller)),
      await webhooks.list(caller),
      await webhooks.read(caller, id),
      await webhooks.remove(caller, id),
    ];
    const [alice, carol] = await Promise.all([world.caller('alice'), world.caller('carol')]);
    for (const each of await all(carol)) expect(each).toMatchObject({ ok: false, rejection: { code: 'role-required' } });
    expect((await all(alice)).map(({ ok }) => ok)).toEqual(Array(7).fill(true));
    for (const each of await telling({ ...alice, scopes: new Set(['settings']) }))
      expect(each).toMatchObject({ ok: false, rejection: { code: 'scope-required', scope: 'audit:read' } });
    const without: Caller = { ...alice, scopes: new Set(['audit:read', 'keys', 'policies']) };
    for (const each of await all(without))
      expect(each).toMatchObject({ ok: false, rejection: { code: 'scope-required', scope: 'settings' } });
    const refused = (await world.audit()).filter(({ action }) => action === 'refused').map(({ data }) => data['attempt']);
    const every = ['create', 'change', 'rotate-secret', 'replay', 'list', 'read', 'delete'];
    expect(new Set(refused)).toEqual(new Set(every.map((attempt) => `webhook.${attempt}`)));
  });
});

describe('the API', () => {
  it('lists, changes and deletes, each change with its event', async () => {
    const { id } = await makeWebhook({ description: '  for Splunk ' });
    expect(await read(id)).toMatchObject({ description: 'for Splunk', createdBy: 'alice@example.com' });
    expect(await call('PUT', `/webhooks/${id}`, { enabled: false })).toMatchObject({ body: { enabled: false, disabledWhy: 'owner' } });
    await submit('one');
    expect(await deliver()).toBe(0);
    expect(await call('PUT', `/webhooks/${id}`, { events: ['grant.*', 'grant.*'] })).toMatchObject({
      body: { enabled: false, events: ['grant.*'] },
    });
    expect((await call('GET', '/webhooks')).body.items).toEqual([await read(id)]);
    expect((await call('DELETE', `/webhooks/${id}`)).status).toBe(204);
    for (const unknown of [id, 'x', '00000000-0000-0000-0000-000000000000', '%00'])
      expect((await call('DELETE', `/webhooks/${unknown}`)).status, unknown).toBe(404);
    expect((await call('GET', `/webhooks/${id}`)).status).toBe(404);
    const events = (await world.audit()).filter(({ action }) => action.startsWith('webhook.'));
    expect(events.map(({ action }) => action)).toEqual(['webhook.created', 'webhook.changed', 'webhook.changed', 'webhook.deleted']);
    expect(events[2]?.data).toEqual({
      webhook: id,
      host: `127.0.0.1:${receiver.port}`,
      hostBefore: `127.0.0.1:${receiver.port}`,
      urlChanged: false,
      before: { enabled: false, description: 'for Splunk', events: ['request.*', 'grant.*'] },
      after: { enabled: false, description: 'for Splunk', events: ['grant.*'] },
    });
  });

  it('makes one webhook for one idempotency key, and shows its secret to the first call only', async () => {
    const make = () =>
      app.inject({
        method: 'POST',
        url: '/o/demo/webhooks',
        headers: { authorization: `Bearer ${bootstrap}`, 'content-type': 'application/json', 'idempotency-key': 'once' },
        payload: JSON.stringify({ url: receiver.url }),
      });
    expect((await make()).json().secret).toMatch(/^whsec_/);
    expect((await make()).body).not.toContain('whsec_');
    expect((await call('GET', '/webhooks')).body.items).toHaveLength(1);
  });

  it('refuses what it does not know, and too many', async () => {
    for (const events of [
      [],
      ['Grant.*'],
      ['grant'.repeat(30)],
      ['grant.*.x'],
      ['.'],
      ["x'; drop table webhooks"],
      'grant.*',
      Array(21).fill('grant.*'),
    ])
      expect(await call('POST', '/webhooks', { url: receiver.url, events }), JSON.stringify(events)).toMatchObject({ status: 400 });
    const many = await Promise.all(Array.from({ length: 22 }, () => call('POST', '/webhooks', { url: receiver.url })));
    expect(many.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(many.filter(({ status }) => status === 400)).toHaveLength(2);
    expect(many.find(({ status }) => status === 400)?.body.error).toContain('at most 20 webhooks');
  });
});
