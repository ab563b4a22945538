import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyedCalls, type KeyedCalls, policy, typeOf, window, withheld } from '../support/keyed-calls.ts';

let t: KeyedCalls;
beforeAll(async () => {
  t = await createKeyedCalls();
});
afterAll(() => t[Symbol.asyncDispose]());

describe('a repeat with the same key', () => {
  it('has no second effect and gets the same bytes', async () => {
    const key = t.newKey();
    const before = await t.count('pre_approvals');
    const first = await t.call('/pre-approvals', key, { body: window });
    expect(first).toMatchObject({ status: 201, replayed: undefined });
    for (const path of ['/pre-approvals', '/o/demo/pre-approvals/', '/o//demo//pre-approvals', '/o/demo/pre%2Dapprovals']) {
      const again = await t.call(path, key, { body: window });
      expect(again).toMatchObject({ status: 201, text: first.text, replayed: 'true' });
      expect(again.headers['content-type']).toBe(first.headers['content-type']);
      expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    }
    expect(await t.count('pre_approvals')).toBe(before + 1);
  });

  it('gets the entity tag too, and a command its answer', async () => {
    const key = t.newKey();
    const made = await t.call('/policy/name/tagged', key, { body: policy('tagged') });
    expect(made).toMatchObject({ status: 201, headers: { etag: expect.stringMatching(/^"\d+"$/) } });
    const again = await t.call('/policy/name/tagged', key, { body: policy('tagged') });
    expect(again).toMatchObject({ status: 201, text: made.text, replayed: 'true', headers: { etag: made.headers['etag'] } });
    await t.call('/policy/name/tagged', undefined, { method: 'DELETE' });

    const body = { argv: ['request', 'pg', 'role', 'readonly', '--reason', 'look'], scriptName: 'p0' };
    const asked = await t.call('/command', key, { body });
    expect(asked).toMatchObject({ status: 200, replayed: undefined });
    expect(await t.call('/command', key, { body })).toMatchObject({ status: 200, text: asked.text, replayed: 'true' });
  });

  it('gets no body where there was none', async () => {
    const key = t.newKey();
    const first = await t.call('/settings/expiry-options', key, { body: { time: 7, unit: 'm' } });
    expect(first).toMatchObject({ status: 204, text: '' });
    const again = await t.call('/settings/expiry-options', key, { body: { time: 7, unit: 'm' } });
    expect(again).toMatchObject({ status: 204, text: '', replayed: 'true' });
    for (const name of ['content-type', 'etag']) expect(again.headers[name], name).toBe(first.headers[name]);
  });

  it('is refused as the first was, also where it would go through by now', async () => {
    const key = t.newKey();
    const made = await t.call('/policy/name/twice', undefined, { body: policy('twice') });
    expect(made.status).toBe(201);
    const refused = await t.call('/policy/name/twice', key, { body: policy('twice') });
    expect(refused.status).toBe(409);
    await t.call('/policy/name/twice', undefined, { method: 'DELETE' });
    const again = await t.call('/policy/name/twice', key, { body: policy('twice') });
    expect(again).toMatchObject({ status: 409, text: refused.text, replayed: 'true' });
    expect(again.headers['content-type']).toContain('application/problem+json');
    expect(await t.call('/policy/name/twice', t.newKey(), { body: policy('twice') })).toMatchObject({ status: 201, replayed: undefined });
    await t.call('/policy/name/twice', undefined, { method: 'DELETE' });
  });

  it('and another body, query or condition is 422, and what was kept stays', async () => {
    const key = t.newKey();
    const first = await t.call('/pre-approvals', key, { body: window });
    const before = await t.count('pre_approvals');
    for (const [path, options] of [
      ['/pre-approvals', { body: { ...window, reason: 'another' } }],
      ['/pre-approvals', { body: ` ${JSON.stringify(window)}` }],
      ['/pre-approvals?dry=1', { body: window }],
      ['/pre-approvals', { body: window, headers: { 'if-match': '"1"' } }],
    ] as const) {
      const answer = await t.call(path, key, options);
      expect(answer).toMatchObject({ status: 422, replayed: undefined });
      expect(typeOf(answer)).toBe('urn:curfew:problem:idempotency-key-reused');
    }
    expect(await t.count('pre_approvals')).toBe(before);
    expect(await t.call('/pre-approvals', key, { body: window })).toMatchObject({ text: first.text, replayed: 'true' });
  });

  it('tells traces apart, though they are dropped', async () => {
    const key = t.newKey();
    expect(await t.call('/traces', key, { body: { a: 1 } })).toMatchObject({ status: 200, replayed: undefined });
    expect(await t.call('/traces', key, { body: { a: 1 } })).toMatchObject({ status: 200, text: '{}', replayed: 'true' });
    expect(await t.call('/traces', key, { body: { a: 2 } })).toMatchObject({ status: 422 });
  });
});

describe('a key belongs to', () => {
  it('who sent it: other people, and other keys of the same person, are told nothing of it', async () => {
    const key = t.newKey();
    const carol = await t.tokenOf('carol@example.com');
    const other = await t.tokenOf('carol@example.com');
    const texts = new Set<string>();
    for (const token of [undefined, carol.key, other.key]) {
      const answer = await t.call('/pre-approvals', key, { body: window, token });
      expect(answer).toMatchObject({ status: 201, replayed: undefined });
      texts.add(answer.text);
    }
    expect(texts.size).toBe(3);
    expect(await t.call('/pre-approvals', key, { body: window, token: carol.key })).toMatchObject({ status: 201, replayed: 'true' });
    await t.call(`/api-keys/${carol.id}`, undefined, { method: 'DELETE' });
    expect(await t.call('/pre-approvals', key, { body: window, token: carol.key })).toMatchObject({ status: 401, replayed: undefined });
  });

  it('one address', async () => {
    const key = t.newKey();
    for (const name of ['one', 'two']) {
      expect(await t.call(`/policy/name/${name}`, key, { body: policy(name) })).toMatchObject({ status: 201, replayed: undefined });
      await t.call(`/policy/name/${name}`, undefined, { method: 'DELETE' });
    }
    expect((await t.call('/nowhere', key, { body: window })).status).toBe(404);
  });

  it('a token of an issuer as far as it reaches: a narrower one is shown nothing', async () => {
    const { person } = await t.world.caller('carol');
    const scoped = (...scopes: readonly ('requests:decide' | 'command')[]) =>
      t.createApp({ authenticate: async (org) => ({ org, person, via: 'api', scopes: new Set(scopes) }) });
    const key = t.newKey();
    const wide = await scoped('command', 'requests:decide');
    expect((await t.open(key, wide)).status).toBe(201);
    expect(await t.open(key, await scoped('requests:decide', 'command'))).toMatchObject({ status: 201, replayed: 'true' });
    expect(await t.open(key, await scoped('command'))).toMatchObject({ status: 403, replayed: undefined });
  });
});

describe('what is not kept', () => {
  it('is a secret: a repeat makes no second one, and learns nothing of the first', async () => {
    const key = t.newKey();
    const body = { name: 'once', owner: 'alice@example.com', scopes: ['policies'] };
    const made = await t.call('/api-keys', key, { body });
    expect(made.status).toBe(201);
    const secret = JSON.parse(made.text).key.slice(4, 20);
    const before = await t.count('api_keys');
    const again = await t.call('/api-keys', key, { body });
    expect(again).toMatchObject({ status: 409, replayed: undefined });
    expect(typeOf(again)).toBe(withheld);
    expect(again.text).not.toContain(secret);
    expect(await t.count('api_keys')).toBe(before);
    const stored = await t.world.pool.query(
      `select from idempotency_keys where position($1::bytea in coalesce(body, '')) > 0 or idempotency_keys::text like $2`,
      [Buffer.from(secret), `%${secret}%`],
    );
    expect(stored.rowCount).toBe(0);

    const refused = await t.call('/api-keys', t.newKey(), { body: { ...body, owner: 'nobody' } });
    expect(refused.status).toBe(400);
    const key2 = t.newKey();
    const member = await t.tokenOf('bob@example.com');
    expect((await t.call('/api-keys', key2, { body, token: member.key })).status).toBe(403);
    expect(await t.call('/api-keys', key2, { body, token: member.key })).toMatchObject({ status: 403, replayed: 'true' });
  });

  it('is a stream', async () => {
    const key = t.newKey();
    const impatient = await t.createApp({}, { longestWaitMs: 1 });
    const body = { argv: ['request', 'pg', 'role', 'readwrite', '--reason', 'write'], scriptName: 'p0', wait: true };
    const first = await t.call('/command', key, { body, on: impatient });
    expect(first).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-ndjson' } });
    const again = await t.call('/command', key, { body, on: impatient });
    expect(again.status).toBe(409);
    expect(typeOf(again)).toBe(withheld);
  });

  it('is an answer of more than 1 MiB: what changed nothing is asked again', async () => {
    const key = t.newKey();
    const talkative = await t.createApp({
      runCommand: async () => ({ ok: true, value: { kind: 'help', text: 'x'.repeat(1024 * 1024) } }),
    });
    for (let i = 0; i < 2; i++) {
      const answer = await t.call('/command', key, { body: { argv: ['request'], scriptName: 'p0' }, on: talkative });
      expect(answer).toMatchObject({ status: 200, replayed: undefined });
    }
  });

  it('is a call whose body was none: the key is still to be used', async () => {
    const key = t.newKey();
    for (const body of [{ ...window, length: 1 }, '{']) expect((await t.call('/pre-approvals', key, { body })).status).toBe(400);
    expect(await t.open(key)).toMatchObject({ status: 201, replayed: undefined });
  });

  it('is a call without a key, or one that is no POST', async () => {
    const before = await t.count('idempotency_keys');
    const key = t.newKey();
    expect((await t.call('/pre-approvals', undefined, { body: window })).status).toBe(201);
    expect((await t.call('/policy/name/put', undefined, { body: policy('put') })).status).toBe(201);
    for (const method of ['PUT', 'PUT', 'GET', 'DELETE'] as const) {
      const answer = await t.call('/policy/name/put', key, { method, ...(method === 'PUT' ? { body: policy('put') } : {}) });
      expect(answer.status).toBeLessThan(300);
      expect(answer.replayed).toBeUndefined();
    }
    expect((await t.call('/pre-approvals', ' no key ', { method: 'GET' })).status).toBe(200);
    expect(await t.count('idempotency_keys')).toBe(before);
  });

  it.each(['', 'a b', 'a'.repeat(256), 'é', 'a\tb', 'a, b'])('is one with the malformed key %j', async (key) => {
    const before = await t.count('pre_approvals');
    const answer = await t.call('/pre-approvals', key, { body: window });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      type: 'urn:curfew:problem:invalid-header',
      errors: [{ pointer: 'header/idempotency-key', detail: expect.any(String) }],
    });
    expect(await t.count('pre_approvals')).toBe(before);
  });

  it.each(['a'.repeat(255), '!', '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "'; drop table requests; --".replaceAll(' ', '~')])(
    'is none of these: %s',
    async (key) => {
      const first = await t.open(key);
      expect(first.status).toBe(201);
      expect(await t.open(key)).toMatchObject({ status: 201, text: first.text, replayed: 'true' });
    },
  );
});

describe('after 24 hours', () => {
  it('a key is as good as new', async () => {
    const key = t.newKey();
    const first = await t.call('/pre-approvals', key, { body: window });
    await t.age('23 hours 59 minutes');
    expect(await t.open(key)).toMatchObject({ text: first.text, replayed: 'true' });
    await t.age('1 minute');
    const anew = await t.call('/pre-approvals', key, { body: { ...window, reason: 'another' } });
    expect(anew).toMatchObject({ status: 201, replayed: undefined });
  });

  it('what was kept is deleted, and not before', async () => {
    const [old, young] = [t.newKey(), t.newKey()];
    for (let i = 0; i < 3; i++) await t.open(`${old}-${i}`);
    await t.age('24 hours');
    await t.open(young);
    expect(await t.world.store.idempotency.forget(2)).toBe(2);
    await t.world.work.forget();
    expect(await t.count('idempotency_keys')).toBe(1);
    expect(await t.open(young)).toMatchObject({ replayed: 'true' });
  });
});
