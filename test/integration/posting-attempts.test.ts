import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Messenger } from '../../src/app/ports.ts';
import { Unreachable } from '../../src/app/unreachable.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { posting, postingKey } from '../../src/domain/posting.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

// Posts whose outcome nobody heard of: they are looked for, and neither doubled nor forgotten.

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => void vi.restoreAllMocks());

let asked = 0;
async function ask(): Promise<PermissionRequest> {
  const submitted = await world.useCases.submitRequest(await world.caller('bob'), {
    right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
    reason: `${asked++}`,
    duration: parseDuration('1h'),
    to: undefined,
  });
  if (!submitted.ok) throw new Error(submitted.rejection.code);
  return submitted.value.request;
}
const attempts = async ({ id }: PermissionRequest) =>
  (await world.pool.query<{ slot: string; channel: string }>('select slot, channel from posting_attempts where request_id = $1', [id]))
    .rows;
const kept = async ({ id }: PermissionRequest) =>
  new Set((await world.store.messages(org, id)).map((message) => postingKey(message.posting)));
const told = ({ id }: PermissionRequest) => world.posted.filter(({ picture }) => picture.request.id === id);

/** The approval message goes out, and its answer does not come back. */
function loseTheAnswer(): void {
  const post = world.messenger.post.bind(world.messenger);
  vi.spyOn(world.messenger, 'post').mockImplementation(async (each, picture, under, witness) => {
    await witness?.begin('C');
    const ref = await post(each, picture, under);
    if (each.slot === 'approval') throw new Error('the answer got lost');
    return ref;
  });
}
const findIt: Messenger['find'] = async (id, { posting: { slot }, channel }) => {
  const found = world.posted.find((message) => message.slot === slot && message.picture.request.id === id);
  return found === undefined ? undefined : { channel, ts: found.ts };
};

it('looks for what may have been posted, keeps it and has it show what is true now', async () => {
  const request = await ask();
  loseTheAnswer();
  await expect(world.work.notify(request.id)).rejects.toThrow('the answer got lost');
  expect(await attempts(request)).toEqual([{ slot: 'approval', channel: 'C' }]);
  vi.restoreAllMocks();
  vi.spyOn(world.messenger, 'find').mockImplementation(findIt);
  await world.work.notify(request.id);
  expect(told(request).map(({ slot, redrawn }) => ({ slot, redrawn }))).toEqual([
    { slot: 'approval', redrawn: 1 },
    { slot: 'request', redrawn: 0 },
  ]);
  expect(await kept(request)).toEqual(new Set(['approval', 'request']));
  expect(await attempts(request)).toEqual([]);
});

it('finds it also where it is not wanted any more, so that no button stays alive', async () => {
  const request = await ask();
  loseTheAnswer();
  await expect(world.work.notify(request.id)).rejects.toThrow('lost');
  vi.restoreAllMocks();
  vi.spyOn(world.messenger, 'find').mockImplementation(findIt);
  await world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'deny', reason: undefined });
  await world.work.notify(request.id);
  const approval = told(request).filter(({ slot }) => slot === 'approval');
  expect(approval.map(({ picture }) => picture.request.state.kind)).toEqual(['denied']);
});

it('posts it again only after it was looked for in vain', async () => {
  const request = await ask();
  const post = vi.spyOn(world.messenger, 'post').mockImplementationOnce(async (_each, _picture, _under, witness) => {
    await witness?.begin('C');
    throw new Error('cut');
  });
  await expect(world.work.notify(request.id)).rejects.toThrow('cut');
  const find = vi.spyOn(world.messenger, 'find').mockRejectedValueOnce(new Error('Slack is away'));
  await expect(world.work.notify(request.id)).rejects.toThrow('Slack is away');
  expect(told(request).map(({ slot }) => slot)).toEqual(['request']);
  await world.work.notify(request.id);
  expect(find).toHaveBeenCalledTimes(2);
  expect(post).toHaveBeenCalledTimes(3);
  expect(told(request).map(({ slot }) => slot)).toEqual(['request', 'approval']);
  expect(await attempts(request)).toEqual([]);
});

it('does not look for what was refused', async () => {
  const request = await ask();
  vi.spyOn(world.messenger, 'post').mockImplementationOnce(async (_each, _picture, _under, witness) => {
    await witness?.begin('C');
    await witness?.refused();
    throw new Error('not_in_channel');
  });
  const find = vi.spyOn(world.messenger, 'find');
  await expect(world.work.notify(request.id)).rejects.toThrow('not_in_channel');
  await world.work.notify(request.id);
  expect(find).not.toHaveBeenCalled();
  expect(told(request).map(({ slot }) => slot)).toEqual(['request', 'approval']);
});

it('sends nothing once somebody else has taken over', async () => {
  const request = await ask();
  const post = world.messenger.post.bind(world.messenger);
  let sent = 0;
  vi.spyOn(world.messenger, 'post').mockImplementation(async (each, picture, under, witness) => {
    // Waits for its turn until its lease is over, and another process begins.
    await world.pool.query(`update requests set notice_lease_until = clock_timestamp() + interval '29 seconds' where id = $1`, [
      request.id,
    ]);
    await witness?.begin('C');
    sent += 1;
    return post(each, picture, under);
  });
  await expect(world.work.notify(request.id)).rejects.toThrow('somebody else');
  expect(sent).toBe(0);
  expect(await attempts(request)).toEqual([]);
});

it('lets be whom no message reaches', async () => {
  const request = await ask();
  const post = world.messenger.post.bind(world.messenger);
  vi.spyOn(world.messenger, 'post').mockImplementation(async (each, picture, under) => {
    if (each.slot === 'request') throw new Unreachable('no account');
    return post(each, picture, under);
  });
  await world.work.notify(request.id);
  expect(await kept(request)).toEqual(new Set(['approval']));
  const { rows } = await world.pool.query(`select 1 from outbox where subject = $1 and kind = 'notify'`, [request.id]);
  expect(rows).toEqual([]);
});

it('asks the members of a group by direct message, and stands by the channel where they cannot be looked up', async () => {
  const group = { directory: 'local', id: 'platform', label: 'Platform team' };
  await world.useCases.policies.create(await world.caller('alice', 'api'), 'Platform', {
    name: 'Platform',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'group', groups: [group], effect: 'keep' }],
  });
  const request = await ask();
  await world.work.notify(request.id);
  expect(told(request).map((each) => postingKey(posting(each.slot, each.to)))).toEqual([
    'approval',
    'approval@carol@example.com',
    'approval@dave@example.com',
    'request',
  ]);
  const directory = world.deps.routing.directories('local');
  if (directory === undefined) throw new Error('no directory');
  vi.spyOn(directory, 'members').mockRejectedValue(new Error('away'));
  const other = await ask();
  await world.work.notify(other.id);
  expect(await kept(other)).toEqual(new Set(['approval', 'request']));
  expect(world.lines).toContainEqual(expect.objectContaining({ level: 'warn', message: expect.stringContaining('in the channel only') }));
  await world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'deny', reason: undefined });
  await world.work.notify(request.id);
  const copies = told(request).filter(({ slot }) => slot === 'approval');
  expect(copies.map(({ picture }) => picture.request.state.kind)).toEqual(['denied', 'denied', 'denied']);
  expect(email('carol@example.com')).toBe(copies[1]?.to.kind === 'person' ? copies[1].to.email : undefined);
});
