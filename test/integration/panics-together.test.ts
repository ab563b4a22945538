/** Several panics at once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Panic, PanicSelection } from '../../src/domain/panic.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, email, type World } from '../support/world.ts';

let world: World;
let carol: Caller;
let bob: Caller;

beforeEach(async () => {
  world = await createWorld();
  [carol, bob] = await Promise.all([world.caller('carol'), world.caller('bob')]);
});
afterEach(() => world[Symbol.asyncDispose]());

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.rejection.code}`);
  return result.value;
}
const everything: PanicSelection = { kind: 'everything' };
const of = (who: string): PanicSelection => ({ kind: 'person', person: email(`${who}@example.com`) });

async function give(resource: string): Promise<void> {
  const { request } = must(
    await world.useCases.submitRequest(bob, {
      right: { service: 'pg', accessType: 'role', resource, integration: undefined },
      reason: 'work',
      duration: parseDuration('1h'),
      to: undefined,
    }),
  );
  must(await world.useCases.decideRequest(carol, request.id, { kind: 'approve', duration: undefined, digest: undefined }));
  await world.reconcile();
}
const press = async (selection: PanicSelection, hold = true) =>
  must(await world.useCases.panics.start(carol, { selection, reason: 'laptop stolen', hold }));
const read = async ({ id }: Panic) => must(await world.useCases.panics.read(carol, id));

describe('a panic about what another one is taking away already', () => {
  it.each([
    ['everything', everything, true],
    ['the same person', of('bob'), false],
    ['a right', { kind: 'right', integration: 'sample', accessType: 'role', resource: 'readonly' }, true],
    ['a target', { kind: 'target', integration: 'sample' }, true],
  ] as const)('is not done, nor said to be, before that is gone: %s', async (_, selection, hold) => {
    await give('readonly');
    const first = await press(of('bob'));
    const second = await press(selection, hold);
    await world.work.panic();
    expect(await read(second)).toMatchObject({ doneAt: undefined, progress: { total: 1, gone: 0, left: 1 } });
    await world.reconcile();
    await world.work.panic();
    await world.work.panic();
    for (const each of [first, second]) expect(await read(each)).toMatchObject({ doneAt: expect.any(Number), progress: { left: 0 } });
  });

  it('is done for all that it is about, whatever else the other one takes', async () => {
    await give('readonly');
    await press(everything);
    const second = await press({ kind: 'right', integration: 'sample', accessType: 'role', resource: 'readwrite' });
    await world.work.panic();
    expect(await read(second)).toMatchObject({ doneAt: expect.any(Number), progress: { total: 0, left: 0 } });
  });
});

it('are gone on with in turn, however many others get no further', async () => {
  await give('readonly');
  const stuck = await press(of('bob'));
  // As though a hundred people had been taken off a target that then hung.
  await world.pool.query(
    `insert into panics select (jsonb_populate_record(p, jsonb_build_object('id', (left(p.id::text, 8) || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       'done_at', null))).* from panics p, generate_series(1, 100) n where p.id = $1`,
    [stuck.id],
  );
  const last = await press(of('erin'), false);
  await world.pool.query('update panics set marked_at = null, done_at = null where id = $1', [last.id]);
  for (const _ of [1, 2]) await world.work.panic();
  expect(await read(last)).toMatchObject({ markedAt: expect.any(Number), doneAt: expect.any(Number) });
});
