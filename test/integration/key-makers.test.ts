import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { createWorld, org, type World } from '../support/world.ts';

/**
 * Whoever makes a key may hold a copy of it, so it is no second person beside them: not for what they ask for with it,
 * not for windows they open with it, and not for keys they make with it. Mallory and Steve are owners, and reviewers like Trudy.
 */
const people = ['mallory', 'steve', 'trudy', 'paul'] as const;

let world: World;
let by: Record<(typeof people)[number], Caller>;
beforeAll(async () => {
  world = await createWorld();
  const [mallory, steve, trudy, paul] = await Promise.all(people.map((name) => world.caller(name)));
  if (mallory === undefined || steve === undefined || trudy === undefined || paul === undefined) throw new Error('somebody is missing');
  by = { mallory, steve, trudy, paul };
});
beforeEach(async () => {
  await world.pool.query(`delete from api_keys; delete from pre_approvals;
    delete from role_bindings where canonical ~ '^(mallory|steve|trudy)@';
    update requests set state = 'cancelled', decided_at = clock_timestamp() where state = 'pending'`);
  for (const name of ['mallory', 'steve', 'trudy'])
    await world.pool.query(
      `insert into role_bindings (org, role, canonical, source) select 'demo', unnest($1::text[]), $2, 'configuration'`,
      [name === 'trudy' ? ['manager'] : ['owner', 'manager'], `${name}@example.com`],
    );
});
afterAll(() => world[Symbol.asyncDispose]());

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}
const code = (result: Result<unknown>) => (result.ok ? 'ok' : result.rejection.code);

/** Whoever comes with a key that `maker` made for `owner`. */
async function keyOf(maker: Caller, owner: string): Promise<Caller> {
  const draft = { name: 'a key', owner: `${owner}@example.com`, scopes: [...everyScope], expiresIn: undefined };
  const { key } = must(await world.useCases.keys.create(maker, draft));
  const caller = await world.useCases.authenticate(org, key);
  if (caller === undefined || caller === 'unavailable') throw new Error('a key that was just made does not work');
  return caller;
}

async function submit(caller: Caller, { to, minutes = 5 }: { to?: string; minutes?: number } = {}) {
  return must(
    await world.useCases.submitRequest(caller, {
      right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
      reason: 'look at orders',
      duration: (minutes * 60) as DurationSeconds,
      to: to === undefined ? undefined : `${to}@example.com`,
    }),
  );
}
const ask = async (...wish: Parameters<typeof submit>): Promise<PermissionRequest> => (await submit(...wish)).request;
const approve = (caller: Caller, { id }: PermissionRequest) =>
  world.useCases.decideRequest(caller, id, { kind: 'approve', duration: undefined, digest: undefined });
const deny = (caller: Caller, { id }: PermissionRequest) => world.useCases.decideRequest(caller, id, { kind: 'deny', reason: undefined });
const openWindow = async (caller: Caller, to: string) =>
  must(
    await world.useCases.runCommand(caller, ['allow', 'pg', 'role', 'readonly', '--to', `${to}@example.com`, '--length', '1h'], '/access'),
  );

describe('a key that was made with a key', () => {
  it('is no second person for whoever made the first, nor for its owner', async () => {
    const second = await keyOf(await keyOf(by.mallory, 'steve'), 'trudy');
    expect(code(await approve(second, await ask(by.mallory)))).toBe('own-request');
    expect(code(await approve(second, await ask(by.steve)))).toBe('own-request');
    expect(code(await approve(second, await ask(by.paul)))).toBe('ok');
  });

  it('remembers everybody, however many keys lie between', async () => {
    const first = await keyOf(by.mallory, 'steve');
    await world.pool.query(`insert into role_bindings values ('demo', 'owner', 'trudy@example.com', 'api')`);
    const third = await keyOf(await keyOf(first, 'trudy'), 'carol');
    for (const each of [by.mallory, by.steve, by.trudy]) expect(code(await deny(third, await ask(each)))).toBe('own-request');
    expect(code(await deny(third, await ask(by.paul)))).toBe('ok');
  });

  it('is shown as made by the owner of the first', async () => {
    await keyOf(await keyOf(by.mallory, 'steve'), 'trudy');
    const made = must(await world.useCases.keys.list(by.mallory)).map(({ owner, createdBy }) => [owner, createdBy]);
    expect(made).toEqual([
      ['trudy@example.com', 'steve@example.com'],
      ['steve@example.com', 'mallory@example.com'],
    ]);
  });
});

describe('a window that was opened with a key', () => {
  beforeEach(async () => {
    await openWindow(await keyOf(by.mallory, 'trudy'), 'paul');
  });

  it('decides nothing that whoever made the key asks for', async () => {
    expect(await submit(by.mallory, { to: 'paul' })).toMatchObject({ isPreapproved: false, request: { state: { kind: 'pending' } } });
    expect(await submit(by.paul)).toMatchObject({ isPreapproved: true, request: { state: { kind: 'approved' } } });
  });

  it('decides nothing that is asked for with another key of theirs', async () => {
    const asked = await submit(await keyOf(by.mallory, 'paul'));
    expect(asked).toMatchObject({ isPreapproved: false, request: { state: { kind: 'pending' } } });
    expect(code(await approve(by.trudy, asked.request))).toBe('ok');
  });

  it('extends nothing for them either', async () => {
    const withKey = await keyOf(by.mallory, 'paul');
    const request = await ask(withKey);
    must(await approve(by.trudy, request));
    await world.reconcile();
    const more = { duration: 60 as DurationSeconds, reason: 'more to look at' };
    const extended = must(await world.useCases.extendRequest(withKey, request.id, more));
    expect(extended.state.kind).toBe('pending');
    expect(code(await approve(by.mallory, extended))).toBe('own-request');
    expect(code(await approve(by.trudy, extended))).toBe('ok');
  });
});

describe('a request that was submitted with a key', () => {
  it('is not decided by whoever made the key, in person or with another one', async () => {
    const request = await ask(await keyOf(by.mallory, 'steve'));
    const another = await keyOf(by.mallory, 'trudy');
    for (const each of [by.mallory, by.steve, another]) {
      expect(code(await approve(each, request))).toBe('own-request');
      expect(code(await deny(each, request))).toBe('own-request');
    }
    expect(code(await approve(by.trudy, request))).toBe('ok');
  });

  it('nor where it went through a transaction', async () => {
    await openWindow(by.trudy, 'paul');
    const request = await ask(await keyOf(by.mallory, 'paul'), { minutes: 60 });
    expect(code(await approve(by.mallory, request))).toBe('own-request');
    expect(code(await approve(by.trudy, request))).toBe('ok');
  });

  it('is not decided by a window that they opened in person', async () => {
    await openWindow(by.mallory, 'paul');
    expect(await submit(await keyOf(by.mallory, 'paul'))).toMatchObject({ isPreapproved: false });
    expect(await submit(by.paul, { minutes: 4 })).toMatchObject({ isPreapproved: true });
  });

  it('gives them nothing else', async () => {
    const request = await ask(await keyOf(by.mallory, 'paul'));
    await world.pool.query(`delete from role_bindings where canonical = 'mallory@example.com'`);
    expect(code(await world.useCases.readRequest(by.mallory, request.id))).toBe('not-found');
    expect(code(await world.useCases.cancelRequest(by.mallory, request.id))).toBe('not-yours');
  });
});
