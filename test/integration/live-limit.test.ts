import { expect, it } from 'vitest';
import { fakeTarget } from '../support/fake-target.ts';
import { worldApp } from '../support/http-app.ts';
import { addGrants } from '../support/many-grants.ts';
import { createWorld } from '../support/world.ts';

/** I16: what policies give by themselves has a limit, or one person's access would be everybody's load. */
it('gives one person no more than a thousand pieces of access by policy, but for an emergency', async () => {
  await using world = await createWorld({ besides: [fakeTarget('other', 'my')] });
  const app = await worldApp(world, world.useCases);
  const rule = async (approval: object) => {
    const document = { name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [approval] };
    await world.pool.query(`delete from policies`);
    await world.pool.query(`insert into policies (org, name, document) values ('demo', 'one', $1)`, [document]);
  };
  const ask = async (service: string, resource: string, breakGlass = false) => {
    const right = { service, accessType: 'role', resource, integration: undefined };
    const draft = { right, reason: 'work', duration: undefined, to: undefined, breakGlass };
    return world.useCases.submitRequest(await world.caller('bob'), draft);
  };
  await rule({ type: 'persistent' });
  expect(await ask('pg', 'readonly')).toMatchObject({ ok: true });
  await addGrants(world.pool, 998);
  expect(await ask('pg', 'readwrite')).toMatchObject({ ok: true });
  // What is there already is still the answer.
  expect(await ask('pg', 'readwrite')).toMatchObject({ ok: true });
  expect(await ask('my', 'readonly')).toMatchObject({ ok: false, rejection: { code: 'too-many', maximum: 1000 } });
  const headers = { authorization: 'Bearer bob', 'content-type': 'application/json' };
  const argv = ['request', 'my', 'role', 'readonly', '--reason', 'work'];
  const answer = await app.inject({ method: 'POST', url: '/o/demo/command', headers, payload: { argv, scriptName: 'p0' } });
  expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('There can be at most 1000')]);
  await rule({ type: 'p0', options: { breakGlass: {} } });
  expect(await ask('my', 'readonly', true)).toMatchObject({ ok: true });
  await app.close();
});
