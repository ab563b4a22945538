import type { FastifyInstance } from 'fastify';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { strictHttpApp } from '../support/strict-http-app.ts';
import { setBootstrapKey } from '../../src/store/configured.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const owner = 'the bootstrap key of these tests, which is long';
let world: World | undefined;
let app: FastifyInstance | undefined;

async function end() {
  await app?.close();
  await world?.[Symbol.asyncDispose]();
}
beforeEach(async () => {
  await end();
  world = await createWorld();
  await setBootstrapKey(world.db, org, email('alice@example.com'), owner);
  app = await strictHttpApp(world.useCases);
});
afterAll(end);

async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) {
  if (app === undefined) throw new Error('not started');
  const response = await app.inject({
    method,
    url: `/o/demo${path}`,
    headers: { authorization: `Bearer ${owner}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: response.statusCode, etag: response.headers.etag, body: response.body === '' ? undefined : response.json() };
}
const at = (name: string) => `/policy/name/${encodeURIComponent(name)}`;
const policy = (name: string, type = 'p0') => ({ name, requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type }] });
const replace = async (rules: unknown[]) => {
  const { version } = (await call('GET', '/routing')).body;
  return call('POST', '/routing', { workflow: { rules }, currentVersion: version });
};
type Event = { version: string; name: string; change: string; before: unknown; after: unknown; actor: { email: string }; at: string };
const told = ({ version, name, change, before, after }: Event) => ({ version, name, change, before, after });

describe('the history', () => {
  it('tells who changed what and when, newest first, also of what is deleted', async () => {
    await call('POST', at('a/b'), policy('a/b'));
    await call('POST', at('c'), policy('c'));
    await call('PUT', at('a/b'), policy('a/b', 'deny'));
    await call('DELETE', at('a/b'));
    const { status, body } = await call('GET', '/policy/history');
    expect(status).toBe(200);
    expect(body.items.map(told)).toEqual([
      { version: '4', name: 'a/b', change: 'deleted', before: policy('a/b', 'deny'), after: null },
      { version: '3', name: 'a/b', change: 'updated', before: policy('a/b'), after: policy('a/b', 'deny') },
      { version: '2', name: 'c', change: 'created', before: null, after: policy('c') },
      { version: '1', name: 'a/b', change: 'created', before: null, after: policy('a/b') },
    ]);
    for (const { actor, at: moment } of body.items) {
      expect(actor).toMatchObject({ kind: 'person', email: 'alice@example.com', via: 'api' });
      expect(Math.abs(Date.parse(moment) - Date.now())).toBeLessThan(60_000);
    }
    const own = await call('GET', `${at('a/b')}/history`);
    expect(own.body.items.map(({ version }: Event) => version)).toEqual(['4', '3', '1']);
    expect((await call('GET', `${at('never')}/history`)).status).toBe(404);
  });

  it('is the same from page to page, also within one change of many', async () => {
    await replace(['a', 'b', 'c', 'd', 'e'].map((name) => policy(name)));
    await call('DELETE', at('c'));
    const whole = (await call('GET', '/policy/history')).body.items;
    expect(whole).toHaveLength(6);
    const pages: Event[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await call('GET', `/policy/history?limit=2${cursor}`);
      pages.push(...body.items);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(pages).toEqual(whole);
    for (const bad of ['x', Buffer.from('1').toString('base64url'), Buffer.from('1.-1').toString('base64url')])
      expect((await call('GET', `/policy/history?cursor=${bad}`)).status, bad).toBe(400);
  });

  it('gives back each version of the document', async () => {
    const versions: unknown[][] = [[]];
    const keep = async () => versions.push((await call('GET', '/routing')).body.rules);
    for (const name of ['a', 'b', 'c']) {
      await call('POST', at(name), policy(name));
      await keep();
    }
    await replace(['c', 'd', 'a'].map((name) => policy(name)));
    await keep();
    await call('DELETE', at('d'));
    await keep();
    await call('POST', at('d'), policy('d', 'deny'));
    await keep();
    for (const [version, rules] of versions.entries()) {
      const read = await call('GET', `/routing/${version}`);
      expect(read.body).toMatchObject({ id: String(version), version: String(version), rules });
      expect(read.etag).toBe(`"${version}"`);
    }
    expect((await call('GET', `/routing/${versions.length - 1}`)).body).toEqual((await call('GET', '/routing')).body);
    for (const unknown of [String(versions.length), '01', '-1', 'x', '9'.repeat(30)])
      expect((await call('GET', `/routing/${unknown}`)).status, unknown).toBe(404);
  });
});

describe('replacing the document', () => {
  it('leaves alone what stays as it is, and calls a new place a move', async () => {
    await replace(['a', 'b', 'c'].map((name) => policy(name)));
    const etags = async () => Promise.all(['a', 'b', 'c'].map(async (name) => (await call('GET', at(name))).etag));
    expect(await etags()).toEqual(['"1"', '"1"', '"1"']);
    // Other spellings of the same: the order of members.
    const same = ['a', 'b', 'c'].map((name) => Object.fromEntries(Object.entries(policy(name)).toReversed()));
    expect((await replace(same)).body.workflow.version).toBe('1');
    await replace([policy('a'), policy('b', 'deny'), policy('c'), policy('d')]);
    expect(await etags()).toEqual(['"1"', '"2"', '"1"']);
    await replace([policy('b', 'deny'), policy('a')]);
    const { body } = await call('GET', '/policy/history?limit=4');
    expect(body.items.map(({ name, change }: Event) => `${name} ${change}`).toSorted()).toEqual([
      'a moved',
      'b moved',
      'c deleted',
      'd deleted',
    ]);
    const events = (await world?.audit())?.filter(({ data }) => data['version'] === '3').map(({ action }) => action);
    expect(events?.toSorted()).toEqual(['policy.deleted', 'policy.deleted', 'policy.moved', 'policy.moved']);
  });

  it('takes far more than an ordinary body, and no more than it says', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => policy(`policy ${index}`));
    expect((await replace(many)).status).toBe(200);
    expect((await call('GET', '/routing')).body.rules).toEqual(many);
    const label = 'x'.repeat(500);
    const groups = Array.from({ length: 10 }, () => ({ directory: 'okta', id: label, label }));
    const huge = Array.from({ length: 1_700 }, (_, index) => ({
      ...policy(`policy ${index}`),
      requestor: { type: 'group', groups, effect: 'keep' },
    }));
    const refused = await replace(huge);
    expect(refused.status).toBe(413);
    expect(refused.body.error).toContain('16 MiB');
    expect((await call('POST', at('deep'), { ...policy('deep'), more: JSON.parse('['.repeat(30) + ']'.repeat(30)) })).status).toBe(400);
  });
});

describe('the list', () => {
  it('names each policy with its last change, in the order of the document', async () => {
    await call('POST', at('b'), { ...policy('b'), disabled: true });
    await call('POST', at('a'), { ...policy('a'), disabled: null });
    await call('PUT', at('b'), { ...policy('b'), disabled: true });
    const first = (await call('GET', '/policy?limit=1')).body;
    expect(first.items).toEqual([
      { name: 'b', disabled: true, version: '3', changedAt: expect.any(String), changedBy: expect.objectContaining({ kind: 'person' }) },
    ]);
    const second = (await call('GET', `/policy?limit=1&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ items: [{ name: 'a', disabled: false, version: '2' }], nextCursor: null });
    expect((await call('GET', '/policy?cursor=eA')).status).toBe(400);
  });

  it('is for owners, reviewers and viewers', async () => {
    if (world === undefined) throw new Error('not started');
    await call('POST', at('a'), policy('a'));
    const { policies } = world.useCases;
    const wish = { after: undefined, limit: 1 };
    expect(await policies.list(await world.caller('carol'), wish)).toMatchObject({ ok: true });
    const bob = await world.caller('bob');
    const answers = [
      await policies.list(bob, wish),
      await policies.documentAt(bob, '1'),
      await policies.history(bob, { name: undefined, before: undefined, limit: 1 }),
    ];
    expect(answers).toEqual(answers.map(() => ({ ok: false, rejection: expect.objectContaining({ code: 'role-required' }) })));
  });
});
