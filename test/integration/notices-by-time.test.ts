import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

let asked = 0;
async function ask(duration: string): Promise<PermissionRequest> {
  const seconds: DurationSeconds | undefined = parseDuration(duration);
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const submitted = await world.useCases.submitRequest(await world.caller('bob'), {
    right,
    reason: `${asked++}`,
    duration: seconds,
    to: undefined,
  });
  if (!submitted.ok) throw new Error(submitted.rejection.code);
  await world.work.notify(submitted.value.request.id);
  return submitted.value.request;
}

/** What the heartbeat does: time has passed, the request is put into the outbox, and told. */
async function timePasses(interval: string, { id }: PermissionRequest): Promise<void> {
  await world.passTime(interval);
  await world.work.remind();
  if ((await linesOf(id)) > 0) await world.work.notify(id);
}
const linesOf = async (id: string): Promise<number> =>
  (await world.pool.query(`select 1 from outbox where subject = $1 and kind = 'notify'`, [id])).rows.length;
const told = ({ id }: PermissionRequest) =>
  world.posted.filter(({ picture }) => picture.request.id === id).map(({ slot, round }) => (round === 0 ? slot : `${slot} ${round}`));

it('reminds approvers below the approval message, ever less often, and not of what is decided', async () => {
  const request = await ask('1h');
  expect(told(request)).toEqual(['approval', 'request']);
  await timePasses('14 minutes', request);
  expect(told(request)).toEqual(['approval', 'request']);
  await timePasses('1 minute', request);
  await timePasses('10 minutes', request);
  expect(told(request)).toEqual(['approval', 'request', 'reminder 1']);
  const approval = world.posted.find(({ slot, picture }) => slot === 'approval' && picture.request.id === request.id);
  expect(world.posted.find(({ slot }) => slot === 'reminder')?.under).toEqual({ channel: 'C', ts: approval?.ts });
  // Away from the second reminder until after the third: one is enough.
  await timePasses('5 hours', request);
  expect(told(request)).toEqual(['approval', 'request', 'reminder 1', 'reminder 3']);
  await world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'deny', reason: undefined });
  await world.work.notify(request.id);
  await timePasses('20 hours', request);
  expect(told(request)).toEqual(['approval', 'request', 'reminder 1', 'reminder 3', 'refused']);
  expect(world.posted.filter(({ slot }) => slot === 'reminder').map(({ picture }) => picture.request.state.kind)).toEqual([
    'denied',
    'denied',
  ]);
});

it('warns the principal before the end, once', async () => {
  const request = await ask('1h');
  await world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'approve', duration: undefined, digest: undefined });
  await world.reconcile();
  await world.work.notify(request.id);
  expect(told(request)).toEqual(['approval', 'request', 'access']);
  await timePasses('50 minutes', request);
  expect(told(request)).toEqual(['approval', 'request', 'access']);
  await timePasses('5 minutes', request);
  await timePasses('1 minute', request);
  expect(told(request)).toEqual(['approval', 'request', 'access', 'warning']);
});

it('tries again what could not be posted', async () => {
  const request = await ask('1h');
  await world.passTime('15 minutes');
  world.messenger.failing.add('reminder');
  await world.work.remind();
  await expect(world.work.notify(request.id)).rejects.toThrow('Slack is away');
  expect(await linesOf(request.id)).toBe(1);
  world.messenger.failing.clear();
  await world.work.notify(request.id);
  expect(told(request)).toEqual(['approval', 'request', 'reminder 1']);
});

it('keeps the wake-up where the turn was taken over meanwhile', async () => {
  const request = await ask('1h');
  await world.passTime('15 minutes');
  await world.work.remind();
  const lost = await world.store.claimNotices(request.org, request.id);
  if (lost === undefined) throw new Error('nobody else has it');
  await world.pool.query(`update requests set notice_lease_until = now() - interval '1 second' where id = $1`, [request.id]);
  await world.store.claimNotices(request.org, request.id);
  // Whoever took over was killed: only the line remembers the reminder.
  expect(await world.store.releaseNotices(request.org, request.id, lost, { answered: lost.lines, next: undefined })).toBe(0);
  expect(await linesOf(request.id)).toBe(1);
});
