import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { bindConfiguredRoles } from '../../src/store/configured.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

/** Carol, Dave and Trudy review; policies want two of them. Bob asks. */
let world: World;
const callers = new Map<string, Caller>();
const by = (name: string): Caller => {
  const caller = callers.get(name);
  if (caller === undefined) throw new Error(`nobody is called ${name}`);
  return caller;
};
beforeAll(async () => {
  world = await createWorld();
  await bindConfiguredRoles(world.db, org, {
    owner: [email('olga@example.com')],
    manager: ['carol', 'dave', 'trudy'].map((name) => email(`${name}@example.com`)),
  });
  for (const name of ['bob', 'carol', 'dave', 'trudy', 'olga', 'erin']) callers.set(name, await world.caller(name));
});
afterAll(() => world[Symbol.asyncDispose]());

const twoOf = {
  name: 'two',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type: 'p0', options: { requiredApprovals: 2 } }],
};
async function setPolicy(policy: object): Promise<void> {
  await world.pool.query(`delete from policies`);
  await world.pool.query(`insert into policies (org, name, document) values ('demo', 'two', $1)`, [policy]);
  await world.pool.query(
    `insert into policy_heads (org, version) values ('demo', 1) on conflict (org) do update set version = policy_heads.version + 1`,
  );
}
beforeEach(() => setPolicy(twoOf));

let asked = 0;
async function ask(): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const result = await world.useCases.submitRequest(by('bob'), {
    right,
    reason: `${asked++}`,
    duration: parseDuration('1h'),
    to: undefined,
  });
  if (!result.ok) throw new Error(result.rejection.code);
  return result.value.request;
}
const approve = (name: string, { id }: PermissionRequest, duration = '1h', caller = by(name)) =>
  world.useCases.decideRequest(caller, id, { kind: 'approve', duration: parseDuration(duration), digest: undefined });
const events = async ({ id }: PermissionRequest) =>
  (await world.pool.query(`select action from audit where request_id = $1 order by id`, [id])).rows.map(({ action }) => action);

describe('where two people must agree', () => {
  it('gives nothing by one, shows who agreed, and gives the shorter time by two', async () => {
    const request = await ask();
    const first = await approve('carol', request, '2h');
    expect(first).toMatchObject({
      ok: true,
      value: { state: { kind: 'pending' }, endorsements: [{ by: { email: 'carol@example.com' } }] },
    });
    const waiting = async (name: string) => (await world.useCases.home(by(name))).waiting.requests.map(({ id }) => id);
    expect(await waiting('carol')).not.toContain(request.id);
    expect(await waiting('dave')).toContain(request.id);
    await world.work.notify(request.id);
    expect(world.posted.at(-2)?.picture).toMatchObject({ approvers: ['2 different people of: Security reviewers'], choice: {} });
    expect(await approve('dave', request, '30m')).toMatchObject({
      ok: true,
      value: { state: { kind: 'approved', by: { person: { email: 'dave@example.com' } }, duration: 1800 } },
    });
    expect(await events(request)).toEqual(['request.submitted', 'request.endorsed', 'request.approved']);
    const { rows } = await world.pool.query(`select data from audit where request_id = $1 and action = 'request.approved'`, [request.id]);
    expect(rows[0].data).toMatchObject({ with: ['carol@example.com'], policies: ['two'], seconds: 1800 });
  });

  it('counts nobody twice, and keeps what they said last', async () => {
    const request = await ask();
    await approve('carol', request, '2h');
    await approve('carol', request, '2h');
    expect(await approve('carol', request, '1h')).toMatchObject({
      ok: true,
      value: { state: { kind: 'pending' }, endorsements: [{ duration: 3600 }] },
    });
    expect(await events(request)).toEqual(['request.submitted', 'request.endorsed', 'request.endorsed']);
  });

  it('takes one decision of two second yeses at once', async () => {
    const request = await ask();
    await approve('carol', request);
    const both = await Promise.all([approve('dave', request), approve('trudy', request)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await events(request)).filter((action) => action === 'request.approved')).toHaveLength(1);
  });

  it('counts nobody who may not decide any more when the second agrees', async () => {
    const request = await ask();
    await approve('trudy', request);
    await world.pool.query(`delete from role_bindings where canonical = 'trudy@example.com'`);
    expect(await approve('carol', request)).toMatchObject({ ok: true, value: { state: { kind: 'pending' } } });
    await world.pool.query(
      `insert into role_bindings (org, role, canonical, source) values ('demo', 'manager', 'trudy@example.com', 'api')`,
    );
    expect(await approve('dave', request)).toMatchObject({ ok: true, value: { state: { kind: 'approved' } } });
  });

  it('takes a key of somebody who agreed for no second person', async () => {
    const request = await ask();
    await approve('carol', request);
    const made: Caller = { ...by('dave'), via: 'api', key: 'k', keyMakers: [by('carol').person.id] };
    expect(await approve('dave', request, '1h', made)).toMatchObject({ ok: true, value: { state: { kind: 'pending' } } });
  });

  it('counts a yes in person after one with a key that somebody made', async () => {
    const request = await ask();
    const made: Caller = { ...by('dave'), via: 'api', key: 'k', keyMakers: [by('carol').person.id] };
    await approve('dave', request, '1h', made);
    expect(await approve('carol', request)).toMatchObject({ ok: true, value: { state: { kind: 'pending' } } });
    expect(await approve('dave', request)).toMatchObject({ ok: true, value: { state: { kind: 'approved' } } });
  });

  it('says on record that one of them gains by it, whichever agreed last', async () => {
    await setPolicy({ ...twoOf, approval: [{ type: 'p0', options: { requiredApprovals: 2, allowOneParty: true } }] });
    await world.pool.query(`insert into role_bindings (org, role, canonical, source) values ('demo', 'manager', 'bob@example.com', 'api')`);
    const request = await ask();
    await approve('bob', request);
    await approve('carol', request);
    await world.pool.query(`delete from role_bindings where canonical = 'bob@example.com'`);
    const { rows } = await world.pool.query(
      `select action, data->'oneParty' as own from audit where request_id = $1 and action in ('request.endorsed', 'request.approved') order by id`,
      [request.id],
    );
    expect(rows).toEqual([
      { action: 'request.endorsed', own: true },
      { action: 'request.approved', own: true },
    ]);
  });

  it('is denied by one, also by one who agreed', async () => {
    const request = await ask();
    await approve('carol', request);
    expect(await world.useCases.decideRequest(by('carol'), request.id, { kind: 'deny', reason: 'no' })).toMatchObject({
      ok: true,
      value: { state: { kind: 'denied' } },
    });
  });

  it('refuses whoever could not decide alone either', async () => {
    const request = await ask();
    expect(await approve('bob', request)).toMatchObject({ ok: false, rejection: { code: 'own-request' } });
    expect(await approve('erin', request)).toMatchObject({ ok: false, rejection: { code: 'not-approver' } });
    expect(await approve('carol', request, '52w')).toMatchObject({ ok: false, rejection: { code: 'over-maximum' } });
    expect(await events(request)).toEqual(['request.submitted', 'refused', 'refused', 'refused']);
  });

  it('is not pre-approved by one', async () => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const opened = await world.useCases.preApprovals.create(by('carol'), {
      right,
      to: 'bob@example.com',
      reason: 'why',
      length: parseDuration('1d'),
      duration: undefined,
      start: undefined,
    });
    expect(opened).toMatchObject({ ok: false, rejection: { code: 'not-approver' } });
  });

  it('says at once that nobody can approve where only one person is named', async () => {
    await setPolicy({
      ...twoOf,
      approval: [{ type: 'requestor-profile', directory: 'local', profileProperty: 'manager', options: { requiredApprovals: 2 } }],
    });
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const result = await world.useCases.submitRequest(by('bob'), { right, reason: 'none', duration: undefined, to: undefined });
    expect(result.ok).toBe(false);
  });
});
