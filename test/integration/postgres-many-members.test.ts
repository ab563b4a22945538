import pg from 'pg';
import { expect, it } from 'vitest';
import { grantRole } from '../../src/integrations/postgres-grant.ts';
import { removeRights } from '../../src/integrations/postgres-removal.ts';
import { id, inAnHour, postgresTarget } from '../support/postgres-target.ts';

const members = 1_000;
const batch = 20;
const tag = 'curfew:demo/sample';

type Plan = { readonly [key: string]: unknown; readonly Plans?: readonly Plan[] };

const grows = ['pg_authid', 'pg_auth_members'];

/** How many rows a plan reads of what grows with the people, whether or not they are of use. */
function rowsRead(plan: Plan): number {
  const count = (key: string) => (typeof plan[key] === 'number' ? plan[key] : 0);
  const own = grows.includes(String(plan['Relation Name']))
    ? (count('Actual Rows') + count('Rows Removed by Filter')) * count('Actual Loops')
    : 0;
  return (plan.Plans ?? []).reduce((sum, each) => sum + rowsRead(each), own);
}

/** Connections whose statements say how they were carried out, those inside of a program as well. */
function explaining(url: string) {
  const options = ['session_preload_libraries=auto_explain', 'client_min_messages=notice']
    .concat(
      ['log_min_duration=0', 'log_nested_statements=on', 'log_analyze=on', 'log_level=notice', 'log_format=json'].map(
        (each) => `auto_explain.${each}`,
      ),
    )
    .map((each) => `-c ${each}`)
    .join(' ');
  const pool = new pg.Pool({ connectionString: url, max: 1, options });
  const read: number[] = [];
  pool.on('error', () => undefined); // the database is dropped as soon as the test is over
  pool.on('connect', (client) =>
    client.on('notice', ({ message = '' }) => {
      const [, json] = /^duration[^{]*(.*)$/s.exec(message) ?? [];
      if (json !== undefined) read.push(rowsRead((JSON.parse(json) as { Plan: Plan }).Plan));
    }),
  );
  return { pool, read, [Symbol.asyncDispose]: () => pool.end() };
}

it('gives and takes without reading all members of the role for each', async () => {
  await using target = await postgresTarget();
  const others = Array.from({ length: members }, () => target.account('other'));
  // Statistics from when there was nobody: what the planner goes by, in a database that nobody looks after.
  await target.asAdmin('analyze pg_auth_members; analyze pg_authid');
  await target.asAdmin(others.map((each) => `create role ${id(each)}`).join(';'));
  await target.asAdmin(`grant ${id(target.roles[0])} to ${others.map(id).join(', ')}`);
  await using explained = explaining(target.url);
  const rights = Array.from({ length: batch }, () => target.right(target.account()));

  for (const right of rights) {
    const options = { until: inAnHour(), password: 'their-long-password', resetPassword: false };
    const given = await grantRole(explained.pool, right, options, { tag, createLogins: true }, AbortSignal.timeout(9_000));
    expect(given.result).toMatchObject({ kind: 'observed', observed: 'present' });
  }
  const removed = await removeRights(explained.pool, rights, tag, AbortSignal.timeout(9_000));
  expect([...removed.values()].map(({ result }) => result)).toEqual(rights.map(() => ({ kind: 'observed', observed: 'absent' })));

  expect(explained.read.length).toBeGreaterThan(3 * batch);
  // Once or twice for a whole batch is what the planner may find cheapest, by what it knows of a server that others use too.
  expect(Math.max(...explained.read)).toBeLessThan((batch * members) / 4);
});
