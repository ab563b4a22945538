import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { takeBacklogFirst } from '../../src/backlog.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { isOutage } from '../../src/store/outage.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { createWorld, type World } from '../support/world.ts';

// Everything stood still for an hour. Access that ended meanwhile goes first.

let world: World;
let alice: Caller;
const other = fakeTarget('other', 'other');
beforeEach(async () => {
  other.calls.length = 0;
  world = await createWorld({ besides: [other] });
  alice = await world.caller('alice');
});
afterEach(() => world[Symbol.asyncDispose]());

async function approve(name: string, service = 'pg'): Promise<void> {
  const asked = await world.useCases.submitRequest(await world.caller(name), {
    right: { service, accessType: 'role', resource: 'readonly', integration: undefined },
    reason: 'orders',
    duration: 60 as DurationSeconds,
    to: undefined,
  });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  const decided = await world.useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined });
  expect(decided).toMatchObject({ ok: true });
}
const deps = () => ({ ...world.deps, isOutage });
const gated = () => takeBacklogFirst(world.work, deps());
const people = Array.from({ length: 20 }, (_, n) => `p${n}`);

it('takes what is overdue before it gives what is new, whoever wakes it', async () => {
  for (const name of people) await approve(name);
  await world.reconcile();
  expect(world.target.held.size).toBe(20);
  await world.passTime('1 hour');
  await approve('zoe');
  const before = world.target.calls.length;
  const backlog = gated();
  expect(backlog.isTaken()).toBe(false);
  // A wake-up for the new one comes first, and again while the rest is under way.
  expect(await backlog.work.give()).toBe(0);
  const [, given] = await Promise.all([backlog.work.take(), backlog.work.give()]);
  expect(given).toBe(0);
  expect(backlog.isTaken()).toBe(true);
  const calls = world.target.calls.slice(before).filter((call) => !call.startsWith('observe'));
  expect(calls.at(-1)).toBe('give zoe:readonly');
  for (const name of people) expect(calls.slice(0, -1).join(' ')).toContain(`${name}:readonly`);
  expect([...world.target.held]).toEqual(['zoe:readonly']);
});

it('takes first, too, what was just being given when everything stopped', async () => {
  await approve('zed');
  world.target.faults.push({ kind: 'lost-after' });
  await world.reconcile();
  expect([...world.target.held]).toEqual(['zed:readonly']);
  await world.passTime('1 day');
  await approve('zoe');
  // Before something is given it is looked at.
  const held: string[][] = [];
  world.target.beforeObserving = async () => void held.push([...world.target.held]);
  await gated().work.take();
  expect(held).toEqual([[]]);
  expect([...world.target.held]).toEqual(['zoe:readonly']);
});

it('looks at what should be there only after that', async () => {
  await approve('zoe');
  await world.reconcile();
  const backlog = gated();
  const looks = () => world.target.calls.filter((call) => call.startsWith('observe')).length;
  const before = looks();
  await Promise.all([backlog.work.watchDrift(), backlog.work.findOrphans()]);
  expect(looks()).toBe(before);
  await backlog.work.take();
  await backlog.work.watchDrift();
  expect(looks()).toBe(before + 1);
});

it('is not kept waiting by a target that is away', async () => {
  await approve('p1', 'other');
  await world.reconcile();
  await world.passTime('1 hour');
  await approve('zoe');
  other.faults.push({ kind: 'throws' });
  const backlog = gated();
  await backlog.work.take();
  expect(backlog.isTaken()).toBe(true);
  expect(other.held.size).toBe(1);
  expect([...world.target.held]).toEqual(['zoe:readonly']);
});

it('gives nothing while another of its takings is still in the middle of it', async () => {
  await approve('p1');
  await world.reconcile();
  await world.passTime('1 hour');
  await approve('zoe');
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { ensureAbsent } = world.target;
  vi.spyOn(world.target, 'ensureAbsent').mockImplementation(async (rights, signal) => {
    ask();
    await answered;
    return ensureAbsent(rights, signal);
  });
  const backlog = gated();
  const first = backlog.work.take();
  await asked;
  expect(await backlog.work.take()).toBe(0);
  expect([backlog.isTaken(), await backlog.work.give()]).toEqual([false, 0]);
  answer();
  await first;
  expect(backlog.isTaken()).toBe(true);
  expect([...world.target.held]).toEqual(['zoe:readonly']);
});

it('gives nothing, after the database was away, before it has taken what fell due', async () => {
  await approve('p1');
  await world.reconcile();
  let away: Error | undefined;
  const take = () => (away === undefined ? world.work.take() : Promise.reject(away));
  const backlog = takeBacklogFirst({ ...world.work, take }, deps());
  await backlog.work.take();
  expect(backlog.isTaken()).toBe(true);
  // What else goes wrong is no reason to keep people waiting.
  away = new Error('a statement that is wrong');
  await expect(backlog.work.take()).rejects.toThrow('wrong');
  expect(backlog.isTaken()).toBe(true);
  away = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  await expect(backlog.work.take()).rejects.toThrow('connect');
  away = undefined;
  await world.passTime('1 hour');
  await approve('zoe');
  const before = world.target.calls.length;
  expect([backlog.isTaken(), await backlog.work.give()]).toEqual([false, 0]);
  await backlog.work.take();
  const calls = world.target.calls.slice(before).filter((call) => !call.startsWith('observe'));
  expect(calls).toEqual([expect.stringContaining('p1:readonly'), 'give zoe:readonly']);
});

it('stays unready while it cannot even look', async () => {
  const backlog = takeBacklogFirst({ ...world.work, take: () => Promise.reject(new Error('the database is away')) }, deps());
  await expect(backlog.work.take()).rejects.toThrow('away');
  expect(await backlog.work.give()).toBe(0);
  expect(backlog.isTaken()).toBe(false);
});
