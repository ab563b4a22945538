import { afterAll, beforeAll, expect, it } from 'vitest';
import { approval } from '../../blocks/approval.ts';
import { parseDuration, toSeconds } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.pool.query(`insert into policies (org, name, document) values ('demo', 'reviewed', $1)`, [
    { name: 'reviewed', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'p0' }] },
  ]);
});
afterAll(() => world[Symbol.asyncDispose]());

let asked = 0;
async function ask(name: string, resource = 'readonly'): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource, integration: undefined };
  const draft = { right, reason: `${asked++}`, duration: parseDuration('1h'), to: undefined };
  const result = await world.useCases.submitRequest(await world.caller(name), draft);
  if (!result.ok) throw new Error(result.rejection.code);
  await world.work.notify(result.value.request.id);
  return result.value.request;
}
async function use(request: PermissionRequest): Promise<void> {
  await world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'approve', duration: undefined, digest: undefined });
  await world.reconcile();
}
const pictureOf = ({ id }: PermissionRequest) =>
  world.posted.find(({ slot, picture }) => slot === 'approval' && picture.request.id === id)?.picture;
const said = (request: PermissionRequest): string => {
  const picture = pictureOf(request);
  return picture === undefined ? '' : JSON.stringify(approval(picture).blocks);
};

it('says whether it is the first time, how often it was lately and when last, and which policy speaks', async () => {
  const first = await ask('bob');
  expect(pictureOf(first)).toMatchObject({ history: { count: 0, last: undefined }, policies: ['reviewed'] });
  expect(said(first)).toContain('First time');
  expect(said(first)).toContain('reviewed');
  await use(first);
  await use(await ask('bob'));
  const third = await ask('bob');
  expect(pictureOf(third)).toMatchObject({ history: { count: 2, last: expect.any(Number) } });
  expect(said(third)).toContain('2 times in the last 30 days, last ');
  // Of the same person and the same right only.
  expect(pictureOf(await ask('bob', 'readwrite'))).toMatchObject({ history: { last: undefined } });
  expect(pictureOf(await ask('erin'))).toMatchObject({ history: { last: undefined } });
});

it('warns of what somebody said no to lately, and of no other no', async () => {
  const deny = async (request: PermissionRequest) =>
    world.useCases.decideRequest(await world.caller('carol'), request.id, { kind: 'deny', reason: undefined });
  const first = await ask('frank');
  expect(said(first)).not.toContain('Denied');
  expect((await deny(first)).ok).toBe(true);
  const second = await ask('frank');
  expect(pictureOf(second)).toMatchObject({ history: { denied: expect.any(Number) } });
  expect(said(second)).toContain('Denied');
  expect(said(await ask('frank', 'readwrite'))).not.toContain('Denied');
  // What is decided cannot be changed, but for this.
  await world.pool.query(
    `alter table requests disable trigger user; update requests set decided_at = decided_at - interval '31 days' where state = 'denied';
     alter table requests enable trigger user`,
  );
  expect(said(await ask('frank'))).not.toContain('Denied');
});

it('says of more time for access what it says of all else, but not that it is the first time', async () => {
  const [carol, gina] = [await world.caller('carol'), await world.caller('gina')];
  const more = async ({ id }: PermissionRequest, reason: string) => {
    const extended = await world.useCases.extendRequest(gina, id, { duration: toSeconds({ time: 1, unit: 'h' }), reason });
    if (!extended.ok) throw new Error(extended.rejection.code);
    await world.work.notify(extended.value.id);
    return extended.value;
  };
  const first = await ask('gina');
  await use(first);
  const refused = await more(first, 'a');
  expect(said(refused)).toContain('Once in the last 30 days');
  expect(said(refused)).not.toContain('First time');
  expect((await world.useCases.decideRequest(carol, refused.id, { kind: 'deny', reason: undefined })).ok).toBe(true);
  expect(said(await more(first, 'b'))).toContain('Denied');
});

it('gives the review window the digest that the message has', async () => {
  const request = await ask('erin', 'readwrite');
  const carol = await world.caller('carol');
  const shown = await world.useCases.pictureOf(carol, request.id);
  expect(shown).toMatchObject({ ok: true, value: { choice: { digest: pictureOf(request)?.choice?.digest } } });
  expect(await world.useCases.pictureOf(await world.caller('dave'), request.id)).toMatchObject({
    ok: false,
    rejection: { code: 'not-found' },
  });
});
