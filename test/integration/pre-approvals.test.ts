import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.pool.query('delete from policies; delete from settings; delete from pre_approvals');
  await world.pool.query(`update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
  // Else what one test was given at once answers the same wish of the next, as the repeat of a lost answer.
  await world.pool.query(`update requests set created_at = created_at - interval '1 hour'`);
});

const run = async (who: string | Caller, argv: string) =>
  world.useCases.runCommand(typeof who === 'string' ? await world.caller(who) : who, argv.split('|'), '/access');
const allow = (who: string, more = '', to = 'bob') => run(who, `allow|pg|role|readonly|--to|${to}@example.com|--length|5 days${more}`);
const ask = async (who: string, more = '') => {
  const result = await run(who, `request|pg|role|readonly${more}`);
  if (!result.ok || result.value.kind !== 'submitted') throw new Error(JSON.stringify(result));
  return result.value;
};
const code = (result: Awaited<ReturnType<typeof run>>) => (result.ok ? 'ok' : result.rejection.code);
const opened = async (who: string, more = '', to = 'bob') => {
  const result = await allow(who, more, to);
  if (!result.ok || result.value.kind !== 'allowed') throw new Error(JSON.stringify(result));
  return result.value.preApproval;
};
const policy = (document: object) =>
  world.pool.query('insert into policies (org, name, document) values ($1, $2, $3)', ['demo', Reflect.get(document, 'name'), document]);
const anybody = { requestor: { type: 'any' }, resource: { type: 'any' } };
const events = async (action: string) => (await world.audit()).filter((event) => event.action === action);

describe('inside an open window', () => {
  it('approves at once, with the creator as decider, and says so in the audit log', async () => {
    const window = await opened('carol', '|--duration|1h|--reason|on call');
    const { request, isPreapproved, isPersistent } = await ask('bob', '|--duration|1h');
    expect([isPreapproved, isPersistent]).toEqual([true, false]);
    expect(request.state).toMatchObject({
      kind: 'approved',
      by: { kind: 'person', person: { email: 'carol@example.com' } },
      duration: 3600,
    });
    const [event] = (await events('request.approved')).slice(-1);
    expect(event).toMatchObject({ actor: { kind: 'person', email: 'carol@example.com' }, data: { preApproval: window.id, seconds: 3600 } });
    expect((await events('pre-approval.created')).at(-1)).toMatchObject({
      actor: { email: 'carol@example.com' },
      data: { id: window.id, seconds: 3600, reason: 'on call', resource: 'readonly' },
    });
    await world.reconcile();
    expect(world.target.held).toContain('bob:readonly');
  });

  it('takes the smallest preset as the longest request, and asks for anything longer', async () => {
    await opened('carol');
    expect(await ask('bob', '|--duration|6m')).toMatchObject({ isPreapproved: false, request: { state: { kind: 'pending' } } });
    expect(await ask('bob', '|--duration|5m')).toMatchObject({ isPreapproved: true, request: { state: { kind: 'approved' } } });
  });

  it('is open until its end', async () => {
    const end = new Date(Date.now() + 86_400_000).toISOString();
    const made = await run('carol', `allow|pg|role|readonly|--to|bob@example.com|--end|${end}`);
    expect(made).toMatchObject({ ok: true, value: { preApproval: { closesAt: Date.parse(end) } } });
    expect(await ask('bob')).toMatchObject({ isPreapproved: true });
    const past = await run('carol', 'allow|pg|role|readonly|--to|bob@example.com|--end|1/31/2020');
    expect(past).toMatchObject({ ok: false, rejection: { code: 'invalid-value', field: 'end' } });
  });

  it('is for one person and one right', async () => {
    await opened('carol');
    expect(await ask('dave')).toMatchObject({ isPreapproved: false, request: { state: { kind: 'pending' } } });
    const other = await run('bob', 'request|pg|role|readwrite');
    expect(other).toMatchObject({ ok: true, value: { isPreapproved: false, request: { state: { kind: 'pending' } } } });
  });

  it('decides what waits already, when it is asked for again', async () => {
    const first = await ask('bob');
    expect(first).toMatchObject({ isPreapproved: false });
    await opened('carol');
    expect(await ask('bob')).toMatchObject({ isPreapproved: true, request: { id: first.request.id, state: { kind: 'approved' } } });
  });

  it('serves a grant by somebody else, but not by its creator, who would decide on their own request', async () => {
    await opened('carol');
    const grant = (who: string) => run(who, 'grant|pg|role|readonly|--to|bob@example.com');
    expect(await grant('dave')).toMatchObject({ ok: true, value: { isPreapproved: true } });
    expect(await grant('carol')).toMatchObject({ ok: true, value: { isPreapproved: false } });
  });
});

describe('asks the ordinary way', () => {
  it('before the window opens and after it closed', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const early = await opened('carol', `|--start|${tomorrow}`);
    expect(await ask('bob')).toMatchObject({ isPreapproved: false });
    await world.pool.query(`update pre_approvals set opens_at = opens_at - interval '7 days', closes_at = closes_at - interval '7 days'`);
    expect(early.opensAt).toBe(Date.parse(tomorrow));
    expect(await ask('bob', '|--reason|again')).toMatchObject({ isPreapproved: false });
    await world.pool.query(`update pre_approvals set closes_at = clock_timestamp() + interval '1 minute'`);
    expect(await ask('bob', '|--reason|third')).toMatchObject({ isPreapproved: true });
  });

  it('once the creator could not approve it any more', async () => {
    await opened('carol');
    await world.pool.query(`delete from role_bindings where canonical = 'carol@example.com'`);
    expect(await ask('bob')).toMatchObject({ isPreapproved: false, request: { state: { kind: 'pending' } } });
    await world.pool.query(
      `insert into role_bindings (org, role, canonical, source) values ('demo', 'manager', 'carol@example.com', 'configuration')`,
    );
  });

  it('once it was ended, while what it gave stays', async () => {
    const { id } = await opened('carol');
    const given = await ask('bob');
    const bob = await world.caller('bob');
    expect(await world.useCases.preApprovals.end(bob, id)).toMatchObject({ ok: true });
    expect(await world.useCases.preApprovals.end(bob, id)).toMatchObject({ ok: true });
    expect((await events('pre-approval.ended')).filter((event) => event.data['id'] === id)).toHaveLength(1);
    expect(await ask('bob')).toMatchObject({ isPreapproved: false });
    expect(await world.useCases.readRequest(bob, given.request.id)).toMatchObject({
      value: { state: { grant: { state: { kind: 'planned' } } } },
    });
  });
});

describe('policies', () => {
  it('that deny, deny still, and refuse the pre-approval', async () => {
    await opened('carol');
    await policy({ name: 'ask', ...anybody, approval: [{ type: 'p0' }] });
    await policy({ name: 'no', ...anybody, approval: [{ type: 'deny' }] });
    for (const refused of [await run('bob', 'request|pg|role|readonly'), await allow('carol')])
      expect(refused).toMatchObject({ ok: false, rejection: { code: 'not-allowed', deniedBy: 'no' } });
  });

  it('that do not speak about it allow nothing, and none of them is named', async () => {
    await policy({ name: 'for erin', ...anybody, requestor: { type: 'user', uid: 'erin@example.com' }, approval: [{ type: 'p0' }] });
    for (const refused of [await run('bob', 'request|pg|role|readonly'), await allow('carol')])
      expect(refused).toEqual({ ok: false, rejection: { code: 'not-allowed' } });
  });

  it('that lead to nobody are named', async () => {
    await policy({ name: 'nobody is on call', ...anybody, approval: [{ type: 'auto', integration: 'pagerduty' }] });
    const refused = await run('bob', 'request|pg|role|readonly');
    expect(refused).toEqual({ ok: false, rejection: { code: 'nobody-can-approve', policies: ['nobody is on call'] } });
  });

  it('that give it standing come first', async () => {
    await opened('carol', '', 'erin');
    await policy({ name: 'standing', ...anybody, approval: [{ type: 'persistent' }, { type: 'p0' }] });
    expect(await ask('erin')).toMatchObject({ isPersistent: true, isPreapproved: false });
  });

  it('that want a pre-approval let in who has one', async () => {
    await policy({ name: 'planned', ...anybody, approval: [{ type: 'p0', options: { requirePreapproval: true } }] });
    expect(code(await run('bob', 'request|pg|role|readonly'))).toBe('preapproval-required');
    await opened('carol');
    expect(await ask('bob')).toMatchObject({ isPreapproved: true });
  });

  it('that want a reason want it for the pre-approval and for the request', async () => {
    await policy({ name: 'why', ...anybody, approval: [{ type: 'p0', options: { requireReason: true } }] });
    expect(code(await allow('carol'))).toBe('reason-required');
    await opened('carol', '|--reason|release');
    expect(code(await run('bob', 'request|pg|role|readonly'))).toBe('reason-required');
    expect(await ask('bob', '|--reason|release')).toMatchObject({ isPreapproved: true });
  });

  it('name who may open one', async () => {
    const groups = [{ directory: 'local', id: 'platform', label: 'Platform team' }];
    await policy({ name: 'team', ...anybody, approval: [{ type: 'group', groups, effect: 'keep' }] });
    expect(await allow('alice')).toEqual({ ok: false, rejection: { code: 'not-approver', ahead: true } });
    expect(code(await allow('dave'))).toBe('ok');
  });
});

describe('allow refuses', () => {
  it('oneself, unless one party is enough', async () => {
    expect(code(await allow('carol', '', 'carol+x'))).toBe('own-request');
    await policy({ name: 'alone', ...anybody, approval: [{ type: 'p0', options: { allowOneParty: true } }] });
    expect(code(await allow('carol', '', 'carol'))).toBe('ok');
    expect(await ask('carol')).toMatchObject({ isPreapproved: true });
  });

  it.each([
    ['bob', '', 'dave', 'not-approver'],
    ['carol', '|--duration|200d', 'bob', 'over-maximum'],
    ['carol', '|--start|2020-01-01', 'bob', 'invalid-value'],
    ['carol', '|--start|9999-01-01', 'bob', 'invalid-value'],
    ['carol', '', 'b ob', 'invalid-principal'],
  ])('%s with %j for %s: %s', async (who, more, to, expected) => {
    expect(code(await allow(who, more, to))).toBe(expected);
    expect((await events('refused')).at(-1)).toMatchObject({ data: { attempt: 'pre-approval.create', code: expected } });
    expect((await world.pool.query('select from pre_approvals')).rowCount).toBe(0);
  });

  it('a token without the scope', async () => {
    const carol = await world.caller('carol');
    const narrow = { ...carol, scopes: new Set(['command'] as const) };
    expect(code(await run(narrow, 'allow|pg|role|readonly|--to|bob@example.com|--length|5 days'))).toBe('scope-required');
  });

  it('more than 50 open ones for a person, also to those who come together', async () => {
    await opened('carol');
    await world.pool.query(`insert into pre_approvals (org, id, principal_id, integration, service, access_type, resource, opens_at, closes_at, seconds, created_by, created_via, created_at)
      select org, gen_random_uuid(), principal_id, integration, service, access_type, resource, opens_at, closes_at, seconds, created_by, created_via, created_at
      from pre_approvals, generate_series(1, 48)`);
    const codes = await Promise.all([allow('carol'), allow('alice')].map(async (result) => code(await result)));
    expect(codes.toSorted()).toEqual(['ok', 'too-many']);
  });
});

it('leaves nothing of a refused call behind, not even the person it named', async () => {
  const people = async () => (await world.pool.query('select email from people order by email')).rows;
  await world.caller('bob');
  const before = await people();
  expect(code(await allow('bob', '', 'nobody-yet'))).toBe('not-approver');
  await policy({ name: 'no', ...anybody, approval: [{ type: 'deny' }] });
  expect(code(await run('bob', 'grant|pg|role|readonly|--to|nobody-yet@example.com'))).toBe('not-allowed');
  expect(await people()).toEqual(before);
});
