import { afterAll, beforeAll, expect, it } from 'vitest';
import { everyScope } from '../../src/domain/scope.ts';
import { call, createTable, type Name, people, type Table } from '../support/authorization-table.ts';

let table: Table;
beforeAll(async () => {
  table = await createTable();
  // Reviewers decide about `pg`, the platform team about `grp`; either may be taken at once for ten minutes.
  await table.world.pool.query(
    `update policies set document = jsonb_set(document, '{approval,0,options}', '{"breakGlass": {"maxMinutes": 10}}') where name in ('pg', 'grp')`,
  );
  await table.world.pool.query(`insert into policy_heads (org, version) values ('demo', 1)`);
});
afterAll(() => table[Symbol.asyncDispose]());

let made = 0;
const command = (token: string, service: string, ...more: string[]) =>
  call(table.app, token, 'POST', '/command', {
    argv: ['request', service, 'role', 'readonly', '--break-glass', '--reason', `try ${made++}`, ...more],
    scriptName: 'p0',
  });
const idOf = (json: unknown): string => (json !== null && typeof json === 'object' && 'id' in json ? String(json.id) : 'none');
async function taken(token: Name, service = 'pg'): Promise<string> {
  const { status, json } = await command(token, service);
  expect({ status, json }).toMatchObject({ status: 200 });
  return idOf(json);
}
const review = (token: string | undefined, id: string, body: object = { note: 'It was needed.' }) =>
  call(table.app, token, 'POST', `/permission-requests/${id}/review`, body);
const listed = async (token: string, which: string) => {
  const { status, json } = await call(table.app, token, 'GET', `/permission-requests?breakGlass=${which}`);
  expect(status).toBe(200);
  return json !== null && typeof json === 'object' && 'items' in json && Array.isArray(json.items) ? json.items.map(idOf) : [];
};

it('is taken by the command, said and listed as such, and reviewed', async () => {
  const { json } = await command('bob', 'pg', '--duration', '1h');
  const id = idOf(json);
  expect(json).toMatchObject({
    isPersistent: false,
    isPreapproved: false,
    request: { status: 'APPROVED', decision: { by: 'policy pg', seconds: 600 } },
  });
  expect((await call(table.app, 'bob', 'POST', `/permission-requests/${id}/extend`, { duration: '5m' })).status).toBe(400);
  expect(await command('bob', 'grp')).toMatchObject({ status: 403, json: { type: 'urn:curfew:problem:review-owed' } });
  expect(await listed('carol', 'unreviewed')).toEqual([id]);
  expect(await review('carol', id)).toMatchObject({
    status: 200,
    json: { request: { breakGlass: { review: { by: 'carol@example.com', note: 'It was needed.' } } } },
  });
  expect(await listed('carol', 'unreviewed')).toEqual([]);
  expect(await listed('carol', 'used')).toEqual([id]);
  const read = await call(table.app, 'bob', 'GET', `/permission-requests/${id}`);
  expect(read.json).toMatchObject({ breakGlass: { review: { note: 'It was needed.' } } });
  expect(JSON.stringify(read.json)).toContain('Taken at once, without an approver for 10 minutes: try');
});

it('is taken instead of waiting by whoever asked for themselves, with the scope of asking, and once', async () => {
  const take = (token: string | undefined, id: string) => call(table.app, token, 'POST', `/permission-requests/${id}/break-glass`);
  const asked = await call(table.app, 'erin', 'POST', '/command', {
    argv: ['request', 'pg', 'role', 'readonly', '--reason', 'stuck'],
    scriptName: 'p0',
  });
  const id = idOf(asked.json);
  expect((await take(undefined, id)).status).toBe(401);
  for (const scope of [...everyScope].filter((each) => each !== 'command')) {
    table.tokens.set('narrow', { ...table.by('erin'), via: 'api', scopes: new Set([scope]) });
    expect({ scope, status: (await take('narrow', id)).status }).toEqual({ scope, status: 403 });
  }
  for (const name of people.filter((each) => each !== 'erin'))
    expect({ name, status: (await take(name, id)).status }).toEqual({ name, status: 403 });
  for (const none of ['none', '01938a00-0000-7000-8000-000000000001']) expect((await take('erin', none)).status).toBe(404);
  for (let time = 0; time < 2; time++)
    expect(await take('erin', id)).toMatchObject({ status: 200, json: { request: { id, decision: { by: 'policy pg', seconds: 300 } } } });
  expect((await review('carol', id)).status).toBe(200);
});

it.each(['pg', 'grp'] as const)('is reviewed by whoever the table lets: %s', async (service) => {
  const mayDecide = service === 'grp' ? ['carol', 'dave'] : ['carol', 'trudy'];
  for (const taker of ['erin', 'trudy', 'dave', 'olga'] as const)
    for (const name of people) {
      const id = await taken(taker, service);
      const may = name !== taker && (mayDecide.includes(name) || ['carol', 'trudy', 'olga'].includes(name));
      // Whoever may not read learns nothing of it, and whoever may review is shown it.
      const shown = (await listed(name, 'unreviewed')).includes(id);
      expect({ taker, name, shown }).toEqual({ taker, name, shown: may || name === taker || name === 'vic' });
      expect({ taker, name, status: (await review(name, id)).status }).toEqual({ taker, name, status: may ? 200 : 403 });
      if (!may) expect((await review(taker === 'olga' ? 'carol' : 'olga', id)).status).toBe(200);
    }
});

it('is shown to whoever may review it and has no role, until it is reviewed', async () => {
  const id = await taken('erin', 'grp');
  expect(await listed('dave', 'unreviewed')).toEqual([id]);
  expect(await listed('bob', 'unreviewed')).toEqual([]);
  expect((await review('dave', id)).status).toBe(200);
  expect(await listed('dave', 'unreviewed')).toEqual([]);
});

it('is nothing for other scopes, other ids and other bodies', async () => {
  const id = await taken('erin');
  for (const scope of everyScope) {
    table.tokens.set('narrow', { ...table.by('carol'), via: 'api', scopes: new Set([scope]) });
    expect({ scope, status: (await review('narrow', id, { note: ' ' })).status }).toEqual({
      scope,
      status: scope === 'requests:decide' ? 400 : 403,
    });
  }
  expect((await review(undefined, id)).status).toBe(401);
  for (const body of [{}, { note: 5 }, { note: '' }, { note: 'x'.repeat(4001) }])
    expect((await review('carol', id, body)).status).toBe(400);
  for (const other of ['none', '01938a00-0000-7000-8000-000000000001']) expect((await review('carol', other)).status).toBe(404);
  expect((await call(table.app, 'carol', 'GET', '/permission-requests?breakGlass=no')).status).toBe(400);
});
