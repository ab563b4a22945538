/** What the tests of more time on access have in common: four people, and access that may be extended. */
import type { Caller } from '../../src/app/ports.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { type PermissionRequest, wireStatus } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { org, type World } from './world.ts';

export const hour = 3600;
export const seconds = (count: number) => count as DurationSeconds;
export type Right = { readonly integration: string; readonly resource: string };
const readonly: Right = { integration: 'sample', resource: 'readonly' };

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}

/** The world of one test after another: `start` begins a new one. */
export function extensions() {
  let world: World;
  let alice: Caller;
  let bob: Caller;
  let carol: Caller;
  let dave: Caller;

  async function start(made: Promise<World>): Promise<void> {
    world = await made;
    [alice, bob, carol, dave] = await Promise.all([
      world.caller('alice'),
      world.caller('bob'),
      world.caller('carol'),
      world.caller('dave'),
    ]);
  }

  const approve = (caller: Caller, { id }: PermissionRequest, duration?: number, digest?: string) =>
    world.useCases.decideRequest(caller, id, {
      kind: 'approve',
      duration: duration === undefined ? undefined : seconds(duration),
      digest,
    });
  const extend = (caller: Caller, { id }: PermissionRequest, duration = hour, reason?: string) =>
    world.useCases.extendRequest(caller, id, { duration: seconds(duration), reason });
  const read = async ({ id }: PermissionRequest): Promise<PermissionRequest> => {
    const found = await world.store.request(org, id);
    if (found === undefined) throw new Error('gone');
    return found;
  };
  const grantOf = ({ state }: PermissionRequest) => {
    if (state.kind !== 'approved') throw new Error(`is ${state.kind}`);
    return state.grant.state;
  };
  async function activeGrant(request: PermissionRequest) {
    const grant = grantOf(await read(request));
    if (grant.kind !== 'active') throw new Error(`is ${grant.kind}`);
    return grant;
  }
  const statusOf = async (request: PermissionRequest) => wireStatus((await read(request)).state);

  async function give(duration = hour, { right = readonly, caller = bob, to = '' } = {}): Promise<PermissionRequest> {
    const { request } = must(
      await world.useCases.submitRequest(caller, {
        right: { service: 'pg', accessType: 'role', ...right },
        reason: 'look at orders',
        duration: seconds(duration),
        to: to === '' ? undefined : to,
      }),
    );
    must(await approve(alice, request));
    await world.reconcile();
    return read(request);
  }

  /** Lets the rows of a grant be as though it had begun so much earlier. */
  const pass = (duration: number) => world.passTime(`${duration} seconds`);

  return {
    get world(): World {
      return world;
    },
    get alice(): Caller {
      return alice;
    },
    get bob(): Caller {
      return bob;
    },
    get carol(): Caller {
      return carol;
    },
    get dave(): Caller {
      return dave;
    },
    start,
    approve,
    extend,
    read,
    grantOf,
    activeGrant,
    statusOf,
    give,
    pass,
  };
}
