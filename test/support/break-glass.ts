/** What the tests of break-glass access have in common: a policy that opens it, and everybody around it. */
import { afterEach, beforeEach } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { Draft } from '../../src/app/use-cases.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, type World } from './world.ts';

export const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
};
export const refused = (code: string) => ({ ok: false, rejection: { code } });
/** Dave and Carol approve; whoever is `any` may take it for half an hour. Carol reviews, Alice owns too. */
export const rule = (options: object | null = { breakGlass: { maxMinutes: 30 } }, besides: readonly object[] = []) => ({
  name: 'orders',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [
    { type: 'group', effect: 'keep', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], options },
    ...besides,
  ],
});
export const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
const draft: Draft = { right, reason: 'the orders are stuck', duration: undefined, to: undefined, breakGlass: true };

/** A world for each test of a file. */
export function breakGlass() {
  let world: World;
  const callers = new Map<string, Caller>();
  const by = (name: string): Caller => {
    const caller = callers.get(name);
    if (caller === undefined) throw new Error(`nobody is called ${name}`);
    return caller;
  };
  const store = async (policy: object) => {
    await world.pool.query(`delete from policies`);
    await world.pool.query(`insert into policies (org, name, document) values ('demo', 'orders', $1)`, [policy]);
    await world.pool.query(
      `insert into policy_heads (org, version) values ('demo', 1) on conflict (org) do update set version = policy_heads.version + 1`,
    );
  };
  beforeEach(async () => {
    world = await createWorld();
    for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) callers.set(name, await world.caller(name));
    await store(rule());
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const take = (name: string, besides: Partial<Draft> = {}) => world.useCases.submitRequest(by(name), { ...draft, ...besides });
  const taken = async (name = 'bob', besides: Partial<Draft> = {}): Promise<PermissionRequest> => must(await take(name, besides)).request;
  const review = (name: string, { id }: PermissionRequest, note = 'It was needed.') => world.useCases.breakGlass.review(by(name), id, note);
  const events = async ({ id }: PermissionRequest) =>
    (await world.pool.query(`select action, actor, data from audit where request_id = $1 order by id`, [id])).rows;
  return { world: () => world, by, store, take, taken, review, events };
}
