import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { postingKey } from '../../src/domain/posting.ts';
import { createWorld, type World } from '../support/world.ts';

// What approvers get directly leads to the message in the channel, as soon as there is one.

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.useCases.policies.create(await world.caller('alice', 'api'), 'Platform', {
    name: 'Platform',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' }],
  });
});
afterEach(() => world[Symbol.asyncDispose]());

async function ask(): Promise<PermissionRequest> {
  const submitted = await world.useCases.submitRequest(await world.caller('bob'), {
    right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
    reason: 'why',
    duration: parseDuration('1h'),
    to: undefined,
  });
  if (!submitted.ok) throw new Error(submitted.rejection.code);
  return submitted.value.request;
}
const links = () =>
  world.posted.filter(({ slot }) => slot === 'approval').map((message) => [postingKey(message), message.picture.link, message.redrawn]);
const address = 'https://example.slack.com/archives/C/p0';

it('asks for the address once, and remembers it', async () => {
  const linkTo = vi.spyOn(world.messenger, 'linkTo').mockResolvedValue(address);
  const request = await ask();
  await world.work.notify(request.id);
  const copies = [
    ['approval', undefined, 0],
    ['approval@carol@example.com', address, 0],
    ['approval@dave@example.com', address, 0],
  ];
  expect(links()).toEqual(copies);
  await world.work.notify(request.id);
  expect(links()).toEqual(copies);
  await world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'deny', reason: undefined });
  await world.work.notify(request.id);
  expect(links()).toEqual(copies.map(([key, link]) => [key, link, 1]));
  expect(linkTo).toHaveBeenCalledTimes(1);
});

it('posts copies without it where the call fails, and mends them', async () => {
  const linkTo = vi.spyOn(world.messenger, 'linkTo').mockRejectedValueOnce(new Error('cut'));
  const request = await ask();
  await expect(world.work.notify(request.id)).rejects.toThrow('cut');
  expect(links().map(([, link]) => link)).toEqual([undefined, undefined, undefined]);
  linkTo.mockResolvedValue(address);
  await world.work.notify(request.id);
  expect(links()).toEqual([
    ['approval', undefined, 0],
    ['approval@carol@example.com', address, 1],
    ['approval@dave@example.com', address, 1],
  ]);
});

it('does without where there is none, and holds nothing up', async () => {
  const request = await ask();
  await world.work.notify(request.id);
  await world.work.notify(request.id);
  expect(links().map(([, link, redrawn]) => [link, redrawn])).toEqual([
    [undefined, 0],
    [undefined, 0],
    [undefined, 0],
  ]);
});

it('redraws copies once the message in the channel is there', async () => {
  vi.spyOn(world.messenger, 'linkTo').mockResolvedValue(address);
  const post = world.messenger.post.bind(world.messenger);
  const posting = vi.spyOn(world.messenger, 'post').mockImplementation(async (each, ...rest) => {
    if (postingKey(each) === 'approval') throw new Error('away');
    return post(each, ...rest);
  });
  const request = await ask();
  await expect(world.work.notify(request.id)).rejects.toThrow('away');
  expect(links()).toEqual([
    ['approval@carol@example.com', undefined, 0],
    ['approval@dave@example.com', undefined, 0],
  ]);
  posting.mockRestore();
  await world.work.notify(request.id);
  expect(links()).toEqual([
    ['approval@carol@example.com', address, 1],
    ['approval@dave@example.com', address, 1],
    ['approval', undefined, 0],
  ]);
});
