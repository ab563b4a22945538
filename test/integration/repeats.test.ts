import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

/** The same request again, where nobody had to decide: the repeat of an answer that was lost is no second grant. */

let world: World;
beforeAll(async () => {
  world = await createWorld({
    onCalls: (name) => ({ name, isOnCall: async () => true, canPage: () => false, page: async () => undefined }),
  });
});
afterAll(() => world[Symbol.asyncDispose]());
let person = '';
let count = 0;
beforeEach(async () => {
  await world.pool.query('delete from policies; delete from settings; delete from pre_approvals');
  // Nobody has anything yet.
  person = `person${++count}`;
});

const anybody = { requestor: { type: 'any' }, resource: { type: 'any' } };
const put = async (kind: string, options?: object) => {
  await world.pool.query('delete from policies');
  const document = {
    name: kind,
    ...anybody,
    approval: [{ type: kind, ...(kind === 'auto' && { integration: 'pagerduty' }), ...(options && { options }) }],
  };
  await world.pool.query('insert into policies (org, name, document) values ($1, $2, $3)', ['demo', kind, document]);
};
const run = async (who: string, argv: string) => world.useCases.runCommand(await world.caller(who), argv.split('|'), '/access');
const ask = async (who: string, more = '', word = 'request') => {
  const result = await run(who, `${word}|pg|role|readonly${more}`);
  if (!result.ok || result.value.kind !== 'submitted') throw new Error(JSON.stringify(result));
  return result.value;
};
const code = (result: Awaited<ReturnType<typeof run>>) => (result.ok ? 'ok' : result.rejection.code);
const grants = async () =>
  (
    await world.pool.query(
      `select g.id from grants g join requests q on q.org = g.org and q.id = g.request_id
        join people p on p.org = q.org and p.id = q.principal_id where p.email = $1`,
      [`${person}@example.com`],
    )
  ).rows.length;
const forThem = () => `|--to|${person}@example.com`;

it('standing access that is there is the answer, whether on its way or active', async () => {
  await put('persistent');
  const first = await ask(person);
  expect(first).toMatchObject({ isPreexisting: false, isPersistent: true, isPreapproved: false });
  expect(await ask(person)).toEqual(first);
  await world.reconcile();
  expect(await ask(person, '|--reason|another')).toMatchObject({
    request: { id: first.request.id, state: { grant: { state: { kind: 'active' } } } },
    isPreexisting: true,
    isPersistent: true,
    isPreapproved: false,
  });
  await world.passTime('1 hour');
  expect((await ask(person)).request.id).toBe(first.request.id);
  expect(await grants()).toBe(1);
});

it('standing access that somebody else asked for is the answer for whom it is, and for others a refusal that tells no more', async () => {
  await put('persistent');
  const first = await ask('alice', forThem(), 'grant');
  expect((await ask(person)).request.id).toBe(first.request.id);
  expect((await ask('alice', forThem(), 'grant')).request.id).toBe(first.request.id);
  expect(code(await run('dave', `grant|pg|role|readonly${forThem()}`))).toBe('standing-exists');
  expect(await grants()).toBe(1);
});

it('standing access is asked for anew once it has ended or was given back, and is no answer to what people would decide', async () => {
  await put('persistent');
  const first = await ask(person);
  await world.reconcile();
  await put('p0');
  expect(code(await run(person, 'request|pg|role|readonly'))).toBe('standing-exists');
  await put('persistent', { requireReason: true });
  expect(code(await run(person, 'request|pg|role|readonly'))).toBe('standing-exists');
  await put('persistent');
  await world.passTime('25 hours');
  await world.reconcile();
  const second = await ask(person);
  expect(second).toMatchObject({ isPreexisting: false, isPersistent: true });
  expect(second.request.id).not.toBe(first.request.id);
  await world.reconcile();
  expect((await world.useCases.relinquishGrant(await world.caller(person), second.request.id)).ok).toBe(true);
  await world.reconcile();
  const third = await ask(person);
  expect([first.request.id, second.request.id]).not.toContain(third.request.id);
  expect(await grants()).toBe(3);
});

it('of several at once one is given, whoever asks', async () => {
  await put('persistent');
  const asked = await Promise.all([
    ask(person),
    ask(person),
    ...['alice', 'carol', 'dave'].map((who) => run(who, `grant|pg|role|readonly${forThem()}`)),
  ]);
  expect(asked).toHaveLength(5);
  expect(await grants()).toBe(1);
});

it('of several at once one is given, where it is for somebody whom nobody knew before', async () => {
  await put('persistent');
  const callers = await Promise.all(['alice', 'carol', 'dave', 'erin'].map((who) => world.caller(who)));
  await Promise.all(callers.map((caller) => world.useCases.runCommand(caller, `grant|pg|role|readonly${forThem()}`.split('|'), '/access')));
  expect(await grants()).toBe(1);
});

it('what a policy gave by itself a moment ago is given back as it was', async () => {
  await put('auto');
  const wish = '|--duration|5m|--reason|look';
  const first = await ask(person, wish);
  expect(first).toMatchObject({
    isPersistent: false,
    isPreapproved: false,
    isPreexisting: false,
    request: { state: { kind: 'approved' } },
  });
  expect(await ask(person, wish)).toEqual(first);
  await world.reconcile();
  expect(await ask(person, wish)).toMatchObject({ request: { id: first.request.id }, isPreexisting: false });
  for (const other of ['|--duration|6m|--reason|look', '|--duration|5m|--reason|else', '|--duration|5m'])
    expect((await ask(person, other)).request.id, other).not.toBe(first.request.id);
  const byAlice = await ask('alice', `${wish}${forThem()}`, 'grant');
  expect(byAlice).toMatchObject({ isPreexisting: true });
  expect(byAlice.request.id).not.toBe(first.request.id);
  expect(await grants()).toBe(5);
});

it('later it is a wish for more time, and so it is once the first was given back', async () => {
  await put('auto');
  const first = await ask(person, '|--duration|1h');
  await world.reconcile();
  // What is decided does not change any more, so its time is moved behind the back of what sees to that.
  await world.pool.query(`alter table requests disable trigger user;
    update requests set created_at = created_at - interval '2 minutes', decided_at = decided_at - interval '2 minutes';
    alter table requests enable trigger user`);
  const second = await ask(person, '|--duration|1h');
  expect(second).toMatchObject({ isPreexisting: true });
  expect(second.request.id).not.toBe(first.request.id);
  await world.reconcile();
  expect((await world.useCases.relinquishGrant(await world.caller(person), second.request.id)).ok).toBe(true);
  expect((await ask(person, '|--duration|1h')).request.id).not.toBe(second.request.id);
  expect(await grants()).toBe(3);
});

it('what was approved beforehand is given back as it was; what a person decided is asked for anew', async () => {
  const open = await run('carol', `allow|pg|role|readonly${forThem()}|--length|5 days|--duration|1h`);
  expect(code(open)).toBe('ok');
  const first = await ask(person, '|--duration|1h');
  expect(first).toMatchObject({ isPreapproved: true });
  expect(await ask(person, '|--duration|1h')).toEqual(first);
  const pending = await ask(person, '|--duration|2h');
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  expect((await world.useCases.decideRequest(await world.caller('carol'), pending.request.id, verdict)).ok).toBe(true);
  expect((await ask(person, '|--duration|2h')).request).toMatchObject({ state: { kind: 'pending' } });
  expect(await grants()).toBe(2);
});

it('of several at once one is given', async () => {
  await put('auto');
  const asked = await Promise.all(Array.from({ length: 5 }, () => ask(person, '|--duration|1h')));
  expect(new Set(asked.map(({ request }) => request.id)).size).toBe(1);
  expect(await grants()).toBe(1);
});
