import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseDuration } from '../../src/domain/duration.ts';
import { everyScope, scopes } from '../../src/domain/scope.ts';
import { adminOperations, otherOperations, perform } from '../support/authorization-operations.ts';
import { call, createTable, must, type Name, people, type Service, type Table, unvouched } from '../support/authorization-table.ts';

/**
 * The rest of the authorization table: who may ask, who administers, who reads the audit log, and what an API key is good for.
 * Like in `authorization.test.ts` the rules are written down again from the notes and from ADR 6.
 */
let table: Table;
beforeAll(async () => {
  table = await createTable();
});
afterAll(() => table[Symbol.asyncDispose]());

/** Everything on record but refusals, and that somebody was recognised: who is refused has changed nothing. */
async function changes(): Promise<number> {
  return (await table.world.audit()).filter(({ action }) => action !== 'refused' && action !== 'account.linked').length;
}

async function refusesWithoutTrace(what: () => Promise<number | undefined>): Promise<number | undefined> {
  const before = await changes();
  const status = await what();
  if (status !== 200) expect(await changes()).toBe(before);
  return status;
}

const rolesOf: Record<Name, 'owner' | 'manager' | 'viewer' | undefined> = {
  bob: undefined,
  erin: undefined,
  carol: 'manager',
  olga: 'owner',
  vic: 'viewer',
  dave: undefined,
  trudy: 'manager',
};

let made = 0;
const run = async (token: string | undefined, argv: readonly string[]): Promise<number> =>
  (await call(table.app, token, 'POST', '/command', { argv, scriptName: 'p0' })).status;

describe('asking', () => {
  /**
   * The rule is about who would gain (`few`: only the platform team, Carol and Dave); who asks for them matters only where
   * nobody is left to decide (`grp`: the same two).
   */
  function expected(principal: Name, service: Service, requestor: Name): number {
    if (service === 'shut') return 403;
    if (service === 'grp' && principal === 'dave' && requestor === 'carol') return 400;
    return service === 'few' && principal !== 'carol' && principal !== 'dave' ? 403 : 200;
  }

  for (const service of ['pg', 'grp', 'one', 'few', 'shut'] as const)
    for (const relation of ['for themselves', 'for erin', 'for dave'] as const)
      it(`${service}, ${relation}`, async () => {
        for (const name of people) {
          const principal = relation === 'for themselves' ? name : relation === 'for erin' ? 'erin' : 'dave';
          const words = (reason: string) => [
            relation === 'for themselves' ? 'request' : 'grant',
            service,
            'role',
            'readonly',
            '--duration',
            '1h',
            '--reason',
            reason,
            ...(relation === 'for themselves' ? [] : ['--to', `${principal}@example.com`]),
          ];
          const status = expected(principal, service, name);
          const http = await refusesWithoutTrace(() => run(name, words(`asks-${made++}`)));
          const slack = await refusesWithoutTrace(
            async () => (await table.slack.command(name, `/access ${words(`asks-${made++}`).join(' ')}`)).status,
          );
          expect({ name, http, slack }).toEqual({ name, http: status, slack: status });
        }
        // Nobody may have more than so many open requests.
        await table.world.pool.query(`update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
      });

  it('is recorded as by the requestor, for the principal', async () => {
    expect(await run('bob', ['grant', 'pg', 'role', 'readonly', '--to', 'erin@example.com', '--reason', 'for the record'])).toBe(200);
    const { rows } = await table.world.pool.query(
      `select a.email as asked, b.email as gains from requests q join people a on a.id = q.requestor_id join people b on b.id = q.principal_id
       where reason = 'for the record'`,
    );
    expect(rows).toEqual([{ asked: 'bob@example.com', gains: 'erin@example.com' }]);
    expect((await table.world.audit()).at(-1)).toMatchObject({ action: 'request.submitted', actor: { email: 'bob@example.com' } });
  });

  // Slack itself keeps people of other workspaces from typing commands.
  const able = unvouched.filter(({ name }) => name !== 'stranger');
  it.each(able)('is nothing for whom Slack does not vouch for: $name', async ({ name }) => {
    const before = await changes();
    const { status, said } = await table.slack.command(name, '/access request pg role readonly --reason none');
    expect(status).toBeUndefined();
    expect(said).toMatch(/Guests|Only members|no confirmed e-mail/);
    expect(await changes()).toBe(before);
  });

  it.each([undefined, 'unknown'])('is nothing for whoever comes with %s', async (token) => {
    expect(await refusesWithoutTrace(() => run(token, ['request', 'pg', 'role', 'readonly']))).toBe(401);
  });

  it('needs the scope', async () => {
    for (const scope of everyScope) {
      table.tokens.set('narrow', { ...table.by('bob'), via: 'api', scopes: new Set([scope]) });
      const status = await run('narrow', ['request', 'pg', 'role', 'readonly', '--reason', `scoped-${made++}`]);
      expect({ scope, status }).toEqual({ scope, status: scope === 'command' ? 200 : 403 });
    }
  });
});

describe('opening a window ahead', () => {
  /** Whoever could approve such a request of that person now. */
  const may = (name: Name, to: Name, service: 'pg' | 'grp' | 'one'): boolean =>
    (service === 'grp' ? name === 'carol' || name === 'dave' : name === 'carol' || name === 'trudy') && (name !== to || service === 'one');

  for (const service of ['pg', 'grp', 'one'] as const)
    for (const to of ['erin', 'carol'] as const)
      it(`${service}, for ${to}`, async () => {
        for (const name of people) {
          const status = may(name, to, service) ? 200 : 403;
          const words = ['allow', service, 'role', 'readonly', '--to', `${to}@example.com`, '--length', '1d', '--duration', '1h'];
          const http = await refusesWithoutTrace(() => run(name, words));
          const slack = await refusesWithoutTrace(async () => (await table.slack.command(name, `/access ${words.join(' ')}`)).status);
          const form = { principal: `${to}@example.com`, service, accessType: 'role', resource: 'readonly', length: '1d' };
          const created = await call(table.app, name, 'POST', '/pre-approvals', form);
          expect({ name, http, slack, form: created.status }).toEqual({
            name,
            http: status,
            slack: status,
            form: status === 200 ? 201 : 403,
          });
          await table.world.pool.query('delete from pre_approvals');
        }
      });
});

/** Of a window that Carol opened for Erin, and of standing access that Bob asked for on behalf of Erin. */
describe('what is one person’s', () => {
  const isIn = (name: Name, own: readonly Name[], roles: readonly (string | undefined)[]) =>
    own.includes(name) || roles.includes(rolesOf[name]);
  const all = ['owner', 'manager', 'viewer'];
  const kinds = {
    'pre-approvals': { own: ['carol', 'erin'], enders: ['carol', 'erin'] },
    'standing-access': { own: ['bob', 'erin'], enders: ['bob', 'erin'] },
  } as const;
  async function make(kind: keyof typeof kinds): Promise<string> {
    const right = { accessType: 'role', resource: 'readonly', integration: undefined };
    if (kind === 'pre-approvals') {
      const draft = { right: { ...right, service: 'pg' }, to: 'erin@example.com', length: parseDuration('1h'), start: undefined };
      return must(await table.world.useCases.preApprovals.create(table.by('carol'), { ...draft, duration: undefined, reason: undefined }))
        .id;
    }
    const draft = { right: { ...right, service: 'free' }, reason: undefined, duration: undefined, to: 'erin@example.com' };
    const { request } = must(await table.world.useCases.submitRequest(table.by('bob'), draft));
    await table.world.reconcile();
    return request.id;
  }

  for (const kind of ['pre-approvals', 'standing-access'] as const)
    it(kind, async () => {
      const { own, enders } = kinds[kind];
      let id = await make(kind);
      for (const name of people) {
        const maySee = isIn(name, own, all);
        const mayEnd = isIn(name, enders, ['owner', 'manager']);
        const read = (await call(table.app, name, 'GET', `/${kind}/${id}`)).status;
        const { json } = await call(table.app, name, 'GET', `/${kind}`);
        const isListed = z
          .object({ items: z.array(z.object({ id: z.string() })) })
          .parse(json)
          .items.some((each) => each.id === id);
        const ended = (await call(table.app, name, 'DELETE', `/${kind}/${id}`)).status;
        expect({ name, read, isListed, ended }).toEqual({
          name,
          read: maySee ? 200 : 404,
          isListed: maySee,
          ended: mayEnd ? 204 : maySee ? 403 : 404,
        });
        await table.world.reconcile();
        if (mayEnd) id = await make(kind);
      }
    });
});

describe('administering', () => {
  it('and everything else that the API can do is in a table', async () => {
    const document = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))) })
      .parse(JSON.parse(await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8')));
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    const known = [...adminOperations.map(({ id }) => id), ...Object.keys(otherOperations)];
    expect(known.toSorted()).toEqual(ids.toSorted());
    for (const name of new Set(Object.values(otherOperations)))
      expect((await readFile(new URL(`${name}.test.ts`, import.meta.url), 'utf8')).length).toBeGreaterThan(0);
  });

  it.each(adminOperations)('$id', async (operation) => {
    for (const name of people) {
      const role = rolesOf[name];
      const may = role !== undefined && operation.may.includes(role);
      const events = may ? undefined : await refusals(name);
      const status = await perform(table, name, operation);
      expect({ name, status: status < 300 ? 'done' : status }).toEqual({ name, status: may ? 'done' : 403 });
      if (events !== undefined) expect(await refusals(name)).toBe(events + 1);
    }
    for (const token of [undefined, 'unknown']) expect(await perform(table, token, operation)).toBe(401);
  });

  it.each(adminOperations)('$id needs the scope, whoever calls', async (operation) => {
    for (const scope of scopes) {
      table.tokens.set('narrow', { ...table.by('olga'), via: 'api', scopes: new Set([...operation.scopes.slice(1), scope]) });
      const status = await perform(table, 'narrow', operation);
      const isEnough = operation.scopes.every((needed) => needed === scope || operation.scopes.indexOf(needed) > 0);
      expect({ scope, status: status < 300 ? 'done' : status }).toEqual({ scope, status: isEnough ? 'done' : 403 });
    }
    if (operation.scopes.length === 1) return;
    table.tokens.set('narrow', { ...table.by('olga'), via: 'api', scopes: new Set(operation.scopes.slice(0, 1)) });
    expect(await perform(table, 'narrow', operation)).toBe(403);
  });
});

/** How often this person was refused, as the audit log has it. */
async function refusals(name: Name): Promise<number> {
  const { rows } = await table.world.pool.query(
    `select count(*)::int as count from audit where action = 'refused' and actor->>'email' = $1`,
    [`${name}@example.com`],
  );
  return z.object({ count: z.number() }).parse(rows[0]).count;
}

describe('reading the audit log', () => {
  const events = z.object({ items: z.array(z.object({ actor: z.looseObject({ email: z.string().optional() }) })) });

  it('is for owners, reviewers and viewers; for others, what they did', async () => {
    for (const name of people) await run(name, ['approve', '01938a00-0000-7000-8000-000000000009']);
    await table.world.work.seal();
    for (const name of people) {
      const { status, json } = await call(table.app, name, 'GET', '/audit?limit=100&action=refused');
      const actors = new Set(events.parse(json).items.map(({ actor }) => actor.email));
      const seen = rolesOf[name] === undefined ? [`${name}@example.com`] : people.map((each) => `${each}@example.com`);
      expect({ name, status, actors }).toEqual({ name, status: 200, actors: new Set(seen) });
      // Nor by asking for another's.
      const others = await call(table.app, name, 'GET', `/audit?actor=${name === 'bob' ? 'erin' : 'bob'}@example.com`);
      expect(events.parse(others.json).items.length > 0).toBe(rolesOf[name] !== undefined);
    }
  });

  it('needs the scope', async () => {
    for (const scope of scopes) {
      table.tokens.set('narrow', { ...table.by('olga'), via: 'api', scopes: new Set([scope]) });
      expect((await call(table.app, 'narrow', 'GET', '/audit')).status).toBe(scope === 'audit:read' ? 200 : 403);
    }
    for (const token of [undefined, 'unknown']) expect((await call(table.app, token, 'GET', '/audit')).status).toBe(401);
  });
});

describe('an API key', () => {
  const made = z.object({ id: z.string(), key: z.string() });
  const makeKey = async (owner: Name, held: readonly string[]) =>
    made.parse((await call(table.app, 'olga', 'POST', '/api-keys', { name: 'k', owner: `${owner}@example.com`, scopes: held })).json);

  it('may what its person may, and of that what its scopes say', async () => {
    const status = async (owner: Name, held: readonly string[], path: string) =>
      (await call(table.app, (await makeKey(owner, held)).key, 'GET', path)).status;
    for (const name of people) {
      const role = rolesOf[name];
      expect(await status(name, scopes, '/settings')).toBe(role === undefined ? 403 : 200);
      expect(await status(name, scopes, '/api-keys')).toBe(role === 'owner' ? 200 : 403);
      expect(await status(name, ['command'], '/settings')).toBe(403);
    }
  });

  it('makes no key that may more than itself', async () => {
    const { key } = await makeKey('olga', ['keys', 'command']);
    const ask = async (held: readonly string[]) =>
      (await call(table.app, key, 'POST', '/api-keys', { name: 'k', owner: 'olga@example.com', scopes: held })).status;
    expect(await ask(['command'])).toBe(201);
    expect(await ask(['command', 'settings'])).toBe(403);
  });

  it.each([
    ['revoked', 'revoked_at = clock_timestamp()'],
    ['expired', 'expires_at = clock_timestamp()'],
  ])('that is %s opens nothing', async (_, change) => {
    const { id, key } = await makeKey('olga', scopes);
    expect((await call(table.app, key, 'GET', '/account')).status).toBe(200);
    await table.world.pool.query(`update api_keys set ${change} where id = $1`, [id]);
    for (const operation of adminOperations) expect(await perform(table, key, operation)).toBe(401);
    for (const path of ['/account', '/audit', '/permission-requests', '/pre-approvals', '/standing-access'])
      expect((await call(table.app, key, 'GET', path)).status).toBe(401);
    expect(await run(key, ['request', 'pg', 'role', 'readonly'])).toBe(401);
  });

  it('opens nothing of another organisation', async () => {
    const { key } = await makeKey('olga', scopes);
    const answer = await table.app.inject({ method: 'GET', url: '/o/other/settings', headers: { authorization: `Bearer ${key}` } });
    expect(answer.statusCode).toBe(404);
  });
});
