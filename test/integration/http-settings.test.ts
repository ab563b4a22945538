import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { strictHttpApp } from '../support/strict-http-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
const callers = new Map<string, Caller>();

beforeAll(async () => {
  world = await createWorld();
  for (const name of ['alice', 'bob', 'carol']) callers.set(name, await world.caller(name, 'api'));
  app = await strictHttpApp({ ...world.useCases, authenticate: async (_org, token) => callers.get(token) });
});
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await world.pool.query('delete from settings');
});

/** As the Terraform provider sends it: a content type only where there is a body. */
async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, token = 'alice') {
  const response = await app.inject({
    method,
    url: `/o/demo/settings${path}`,
    headers: {
      authorization: `Bearer ${token}`,
      'user-agent': 'terraform-provider-p0/0.40.0 Terraform/1.9.0',
      'accept-encoding': 'gzip',
      ...(method === 'DELETE' ? {} : { accept: ['application/json', 'application/json'] }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return {
    status: response.statusCode,
    etag: response.headers.etag,
    body: response.body === '' ? undefined : response.json(),
  };
}
const settings = async () => (await call('GET', '')).body;

describe('expiry options', () => {
  it('start as the defaults, and come back by _reset', async () => {
    expect(await settings()).toMatchObject({ expiryOptions: defaultSettings.expiryOptions });
    expect((await call('DELETE', '/expiry-options/1%20day')).status).toBe(204);
    expect((await call('POST', '/expiry-options', { time: 2, unit: 'h' })).status).toBe(204);
    expect((await settings()).expiryOptions.map((option: { value: string }) => option.value)).toEqual([
      '5 minutes',
      '1 hour',
      '1 week',
      '30 days',
      '2 hours',
    ]);
    const reset = await call('POST', '/expiry-options/_reset');
    expect([reset.status, reset.body]).toEqual([200, { options: defaultSettings.expiryOptions }]);
  });

  it('take the whole life of p0_expiry_options: every default again, then all deleted by formula, twice', async () => {
    const wanted = [5, 1, 24, 168, 720].map((time, index) => ({ time, unit: index === 0 ? 'm' : 'h' }));
    for (const option of wanted) expect((await call('POST', '/expiry-options', option)).status).toBe(204);
    expect((await settings()).expiryOptions).toEqual(defaultSettings.expiryOptions);
    for (let round = 0; round < 2; round++)
      for (const label of ['5 minutes', '1 hour', '24 hours', '168 hours', '720 hours'])
        expect((await call('DELETE', `/expiry-options/${encodeURIComponent(label)}`)).status).toBe(204);
    expect((await settings()).expiryOptions).toEqual([]);
  });

  it('are refused by field, and change nothing', async () => {
    for (const [body, pointer] of [
      [{ time: 0, unit: 'h' }, '#/time'],
      [{ time: 1.5, unit: 'h' }, '#/time'],
      [{ time: 1_000_000, unit: 'h' }, '#/time'],
      [{ time: '5', unit: 'h' }, '#/time'],
      [{ time: 5, unit: 'M' }, '#/unit'],
      [{ time: 5 }, '#/unit'],
      [[], '#'],
    ]) {
      const answer = await call('POST', '/expiry-options', body);
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
    }
    expect((await settings()).expiryOptions).toEqual(defaultSettings.expiryOptions);
  });

  it('are at most a hundred', async () => {
    for (let time = 1; time <= 95; time++) expect((await call('POST', '/expiry-options', { time, unit: 's' })).status).toBe(204);
    expect((await call('POST', '/expiry-options', { time: 96, unit: 's' })).status).toBe(400);
  });
});

describe('durations and default approvals', () => {
  it('are read back as p0_access_durations set them', async () => {
    for (const [path, body] of [
      ['/approvable-duration', { time: 14, unit: 'd' }],
      ['/max-access-duration', { time: 90, unit: 'd' }],
      ['/standing-access-duration', { time: 24, unit: 'h' }],
    ] as const)
      expect(await call('PUT', path, body)).toMatchObject({ status: 200, body });
    expect((await call('PUT', '/default-approvals', { allowOneParty: true, requireReason: true })).status).toBe(204);
    expect(await settings()).toMatchObject({
      approvableDuration: { time: 14, unit: 'd' },
      maxAccessDuration: { time: 90, unit: 'd' },
      standingAccessDuration: { time: 24, unit: 'h' },
      defaultApprovals: { allowOneParty: true, requireReason: true },
    });
  });

  it('leave one event and a new version per change, and nothing where nothing changed', async () => {
    const first = (await call('GET', '')).etag;
    const before = (await world.audit()).length;
    await call('PUT', '/max-access-duration', { time: 7, unit: 'd' });
    const second = (await call('GET', '')).etag;
    await call('PUT', '/max-access-duration', { time: 7, unit: 'd' });
    expect((await call('GET', '')).etag).toBe(second);
    expect(second).not.toBe(first);
    expect((await world.audit()).slice(before)).toMatchObject([
      {
        action: 'settings.changed',
        actor: { email: 'alice@example.com' },
        data: { setting: 'maxAccess', before: { time: 180, unit: 'd' }, after: { time: 7, unit: 'd' } },
      },
    ]);
  });

  it('are for owners to change and for reviewers to read', async () => {
    expect((await call('PUT', '/max-access-duration', { time: 7, unit: 'd' }, 'carol')).status).toBe(403);
    expect((await call('GET', '', undefined, 'carol')).status).toBe(200);
    expect((await call('GET', '', undefined, 'bob')).status).toBe(403);
    callers.set('narrow', { ...(await world.caller('alice', 'api')), scopes: new Set(['policies']) });
    expect((await call('GET', '', undefined, 'narrow')).body.type).toBe('urn:curfew:problem:scope-required');
  });
});

describe('lowering the longest access', () => {
  async function give(duration: string): Promise<RequestId> {
    const bob = await world.caller('bob');
    const asked = await world.useCases.runCommand(
      bob,
      ['request', 'pg', 'role', 'readonly', '--reason', duration, '--duration', duration],
      'x',
    );
    if (!asked.ok || asked.value.kind !== 'submitted') throw new Error('not asked');
    const { id } = asked.value.request;
    const decided = await world.useCases.decideRequest(await world.caller('carol'), id, {
      kind: 'approve',
      duration: undefined,
      digest: undefined,
    });
    if (!decided.ok) throw new Error(decided.rejection.code);
    await world.reconcile();
    return id;
  }
  const left = async (id: string): Promise<number> =>
    Number(
      (await world.pool.query('select extract(epoch from expires_at - granted_at) as left from grants where request_id = $1', [id])).rows[0]
        .left,
    );

  it('shortens what is live, tells the target and the people, and leaves shorter ones alone', async () => {
    const [long, short] = [await give('2d'), await give('30m')];
    const before = (await world.audit()).length;
    expect((await call('PUT', '/max-access-duration', { time: 1, unit: 'h' })).status).toBe(200);
    expect(await left(long)).toBeGreaterThan(3_590);
    expect(await left(long)).toBeLessThanOrEqual(3_600);
    expect(await left(short)).toBeLessThanOrEqual(1_800);
    expect((await world.audit()).slice(before).map((event) => event.action)).toEqual(['settings.changed', 'grant.shortened']);
    const { rows } = await world.pool.query(
      `select count(*)::int as lines from outbox where subject = $1 and kind = 'notify' and sent_at is null`,
      [long],
    );
    expect(rows[0].lines).toBeGreaterThan(0);
    expect(await world.reconcile()).toBeGreaterThan(0);
    expect(world.target.held.size).toBe(1);
    await world.passTime('61 minutes');
    await world.reconcile();
    expect(world.target.held.size).toBe(0);
  });

  it('waits for a decision under way, which read the longer one, and shortens what came of it', async () => {
    const { promise: read, resolve: hasRead } = Promise.withResolvers<void>();
    const { promise: go, resolve: goOn } = Promise.withResolvers<void>();
    const order: string[] = [];
    const deciding = world.store.transaction(async (tx) => {
      await tx.settings(org);
      hasRead();
      await go;
      order.push('decided');
    });
    await read;
    const lowering = call('PUT', '/max-access-duration', { time: 1, unit: 'h' }).then(() => order.push('lowered'));
    const { rows } = await waitingFor(world.pool);
    expect(rows.length).toBeGreaterThan(0);
    goOn();
    await Promise.all([deciding, lowering]);
    expect(order).toEqual(['decided', 'lowered']);
  });

  it('ends at once what has lasted longer already', async () => {
    const id = await give('2d');
    await world.passTime('3 hours');
    expect((await call('PUT', '/max-access-duration', { time: 1, unit: 'h' })).status).toBe(200);
    expect(await left(id)).toBeLessThanOrEqual(3 * 3_600 + 2);
    await world.passTime('3 seconds');
    await world.reconcile();
    expect(world.target.held.size).toBe(0);
    const read = await world.useCases.readRequest(await world.caller('carol'), id);
    expect(read.ok && read.value.state.kind === 'approved' && read.value.state.grant.state.kind).toBe('ended');
  });

  it('shortens a grant that the target has not confirmed yet', async () => {
    const bob = await world.caller('bob');
    const asked = await world.useCases.runCommand(bob, ['request', 'pg', 'role', 'readwrite', '--duration', '2d'], 'x');
    if (!asked.ok || asked.value.kind !== 'submitted') throw new Error('not asked');
    const { id } = asked.value.request;
    await world.useCases.decideRequest(await world.caller('carol'), id, { kind: 'approve', duration: undefined, digest: undefined });
    expect((await call('PUT', '/max-access-duration', { time: 1, unit: 'h' })).status).toBe(200);
    await world.reconcile();
    expect(await left(id)).toBeLessThanOrEqual(3_600);
  });
});

describe('a version of the settings', () => {
  const conditional = async (method: 'POST' | 'PUT' | 'DELETE', path: string, tag: string, body?: unknown) => {
    const { statusCode, headers } = await app.inject({
      method,
      url: `/o/demo/settings${path}`,
      headers: { authorization: 'Bearer alice', 'if-match': tag, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    return { status: statusCode, etag: String(headers.etag) };
  };
  const writes = [
    ['POST', '/expiry-options', { time: 3, unit: 'h' }, 204],
    ['POST', '/expiry-options/_reset', undefined, 200],
    ['DELETE', '/expiry-options/1%20hour', undefined, 204],
    ['PUT', '/default-approvals', { allowOneParty: true, requireReason: true }, 204],
    ['PUT', '/approvable-duration', { time: 3, unit: 'd' }, 200],
    ['PUT', '/max-access-duration', { time: 30, unit: 'd' }, 200],
    ['PUT', '/standing-access-duration', { time: 3, unit: 'h' }, 200],
    ['PUT', '/roles/viewer/bindings/users/erin@example.com', undefined, 201],
    ['PUT', '/roles/viewer/bindings/users/erin+b@example.com', undefined, 204],
    ['DELETE', '/roles/viewer/bindings/users/erin@example.com', undefined, 204],
    ['PUT', '/roles/viewer/bindings/groups/okta%2Fx', undefined, 201],
    ['DELETE', '/roles/viewer/bindings/groups/okta%2Fx', undefined, 204],
  ] as const;

  it('is what every change can be made to start from', async () => {
    let { etag } = await call('GET', '');
    for (const [method, path, body, status] of writes) {
      const before = await settings();
      for (const old of ['"99"', `W/${etag}`, 'x']) {
        expect((await conditional(method, path, old, body)).status, path).toBe(412);
        expect(await settings()).toEqual(before);
      }
      const changed = await conditional(method, path, String(etag), body);
      expect(changed, path).toEqual({ status, etag: expect.stringMatching(/^"\d+"$/) });
      expect(changed.etag).not.toBe(etag);
      expect((await conditional(method, path, String(etag), body)).status, path).toBe(412);
      expect((await call('GET', '')).etag).toBe(changed.etag);
      // The same again changes nothing, so it makes no version.
      const again = { status: status === 201 ? 204 : status, etag: changed.etag };
      expect(await conditional(method, path, changed.etag, body), path).toEqual(again);
      ({ etag } = changed);
    }
  });

  it('lets only one of two changes from the same version through', async () => {
    const { etag } = await call('GET', '');
    const both = await Promise.all([3, 4].map((time) => conditional('PUT', '/max-access-duration', String(etag), { time, unit: 'd' })));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  });
});

describe('bindings of one version', () => {
  const bind = (name: string, tag: string) =>
    app.inject({
      method: 'PUT',
      url: `/o/demo/settings/roles/viewer/bindings/users/${name}@example.com`,
      headers: { authorization: 'Bearer alice', 'if-match': tag },
    });

  it('are changed by one of two, and read with the settings', async () => {
    const { etag } = await call('GET', '');
    const both = await Promise.all(['frank', 'grace'].map((name) => bind(name, String(etag))));
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 412]);
    const after = await call('GET', '');
    expect(after.etag).toBe((await call('GET', '/roles')).etag);
    expect(after.body.roles).toMatchObject({
      owner: { bindings: { users: ['alice@example.com'], groups: [] } },
      manager: { bindings: { users: ['alice@example.com', 'carol@example.com'] } },
    });
    const [bound] = after.body.roles.viewer.bindings.users;
    await call('DELETE', `/roles/viewer/bindings/users/${bound}`);
    expect((await call('GET', '')).body.roles.viewer.bindings.users).toEqual([]);
  });
});

describe('roles', () => {
  const roles = async () => (await call('GET', '/roles')).body.items;

  it('are bound and unbound, however often', async () => {
    const path = '/roles/manager/bindings/users/erin+b@example.com';
    expect([(await call('PUT', path)).status, (await call('PUT', path)).status]).toEqual([201, 204]);
    expect(await roles()).toContainEqual({ role: 'manager', type: 'user', name: 'erin+b@example.com', source: 'api' });
    expect([(await call('DELETE', path)).status, (await call('DELETE', path)).status]).toEqual([204, 204]);
    expect(
      (await world.audit())
        .map((event) => event.action)
        .filter((action) => action.startsWith('role.'))
        .slice(-2),
    ).toEqual(['role.bound', 'role.unbound']);
  });

  it('reach through groups, and only as long as the directory says so', async () => {
    expect((await call('GET', '', undefined, 'bob')).status).toBe(403);
    callers.set('dave', await world.caller('dave', 'api'));
    expect((await call('GET', '', undefined, 'dave')).status).toBe(403);
    expect((await call('PUT', '/roles/viewer/bindings/groups/local%2Fplatform')).status).toBe(201);
    expect((await call('GET', '', undefined, 'dave')).status).toBe(200);
    expect((await call('GET', '', undefined, 'bob')).status).toBe(403);
    expect((await call('DELETE', '/roles/viewer/bindings/groups/local%2Fplatform')).status).toBe(204);
    expect((await call('GET', '', undefined, 'dave')).status).toBe(403);
  });

  it('reach nobody through a directory that is not configured', async () => {
    expect((await call('PUT', '/roles/viewer/bindings/groups/okta%2FGroup%201')).status).toBe(201);
    expect((await call('GET', '', undefined, 'bob')).status).toBe(403);
    expect((await call('GET', '')).status).toBe(200);
    expect((await call('DELETE', '/roles/viewer/bindings/groups/okta%2FGroup%201')).status).toBe(204);
  });

  it('keep the last owner, and what the configuration says', async () => {
    const refused = await call('DELETE', '/roles/owner/bindings/users/alice@example.com');
    expect([refused.status, refused.body.error]).toEqual([422, 'The organisation must keep at least one owner.']);
    expect((await call('DELETE', '/roles/owner/bindings/users/alice+x@example.com')).status).toBe(422);
    await call('PUT', '/roles/owner/bindings/users/erin@example.com');
    // She is not the last one any more, but the configuration names her.
    expect((await call('DELETE', '/roles/owner/bindings/users/alice@example.com')).status).toBe(400);
    expect((await call('DELETE', '/roles/owner/bindings/users/erin@example.com')).status).toBe(204);
  });

  it('are refused where they cannot be', async () => {
    expect((await call('PUT', '/roles/king/bindings/users/erin@example.com')).status).toBe(400);
    expect((await call('PUT', '/roles/owner/bindings/users/nobody')).status).toBe(400);
    expect((await call('PUT', '/roles/owner/bindings/groups/%00')).status).toBe(400);
    expect((await call('PUT', '/roles/owner/bindings/users/bob@example.com', undefined, 'bob')).status).toBe(403);
  });

  it('are at most a thousand, of which each may be bound again', async () => {
    await world.pool.query(`insert into group_role_bindings (org, role, name) select 'demo', 'viewer', 'local/g' || n
      from generate_series(1, 999 - (select count(*)::int from role_bindings where org = 'demo')) n`);
    expect((await call('PUT', '/roles/viewer/bindings/users/bob@example.com')).status).toBeLessThan(300);
    const refused = await call('PUT', '/roles/viewer/bindings/users/erin@example.com');
    expect([refused.status, refused.body.error]).toEqual([400, 'There can be at most 1000 role bindings.']);
    expect((await call('PUT', '/roles/viewer/bindings/groups/local%2Fg1')).status).toBeLessThan(300);
    expect((await call('DELETE', '/roles/viewer/bindings/groups/local%2Fg1')).status).toBe(204);
    expect((await call('PUT', '/roles/viewer/bindings/users/erin@example.com')).status).toBeLessThan(300);
  });
});

/** Looks until somebody waits for an advisory lock. */
async function waitingFor(pool: World['pool']): Promise<{ rows: unknown[] }> {
  for (;;) {
    const found = await pool.query(
      `select pid from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
    );
    if (found.rows.length > 0) return found;
  }
}
