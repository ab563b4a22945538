import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiptOf } from '../../src/app/receipt.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { parseRequestId, type RequestId } from '../../src/domain/ids.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { verifyDatabase } from '../../src/store/audit-verify.ts';
import { earlierGrant, earlierReleases, earlierSchema, type EarlierWorker, earlierWorker } from '../support/earlier-release.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

// Two releases side by side (I17), told by the newer one: earlier releases' own statements work on the rows beside ours.

let world: World;
let earlier: EarlierWorker;

async function stateOf(id: RequestId) {
  const request = await world.store.request(org, id);
  return request?.state.kind === 'approved' ? request.state.grant.state.kind : request?.state.kind;
}
const held = () => [...world.target.held].sort();
async function earlierRequest(...grant: Parameters<typeof earlierGrant>): Promise<RequestId> {
  const id = parseRequestId(await earlierGrant(...grant));
  if (id === undefined) throw new Error('no request was made');
  return id;
}
/** A request of this release, approved. */
async function request(who: 'bob' | 'erin', resource: string): Promise<RequestId> {
  const right = { service: 'pg', accessType: 'role', resource, integration: undefined };
  const asked = await world.useCases.submitRequest(await world.caller(who), {
    right,
    reason: 'look',
    duration: parseDuration('1h'),
    to: undefined,
  });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  const alice = await world.caller('alice');
  const decided = await world.useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined });
  if (!decided.ok) throw new Error(decided.rejection.code);
  return id;
}
/** What nobody may change who has lost the right to another worker. */
const everything = async () =>
  (
    await world.pool.query(
      `select (select jsonb_agg(to_jsonb(r) order by id) from rights r) as rights, (select jsonb_agg(to_jsonb(g) order by id) from grants g) as grants,
        (select count(*)::int from audit) as events, (select count(*)::int from outbox) as lines`,
    )
  ).rows[0];

describe.each(earlierReleases)('beside release $number', (release) => {
  const requests: Record<string, RequestId> = {};
  beforeEach(async () => {
    world = await createWorld({
      prepare: async (url) => {
        await earlierSchema(url, release.newest);
        await withClient(url, async (client) => {
          requests['over'] = await earlierRequest(client, { who: 'bob', resource: 'readonly', state: 'active', expires: '-1 second' });
          requests['live'] = await earlierRequest(client, { who: 'bob', resource: 'readwrite', state: 'active', expires: '30 minutes' });
          requests['planned'] = await earlierRequest(client, { who: 'erin', resource: 'readonly', state: 'planned', expires: '1 hour' });
        });
      },
    });
    world.target.held.add('bob:readonly').add('bob:readwrite');
    earlier = earlierWorker(release, world.pool, world.target.held);
  });
  afterEach(async () => {
    expect(await verifyDatabase(world.db, [])).toMatchObject({ flaw: undefined });
    await world[Symbol.asyncDispose]();
  });
  const states = () => Promise.all(Object.values(requests).map(stateOf));

  it('ends what that has given, with workers of both on the same rows', async () => {
    expect(await states()).toEqual(['active', 'active', 'planned']);
    expect(await earlier.work('take')).toBe(1);
    expect(await states()).toEqual(['ended', 'active', 'planned']);
    // One gives, the other takes.
    await world.sweep();
    expect(await states()).toEqual(['ended', 'active', 'active']);
    const late = await earlierRequest(world.pool, { who: 'erin', resource: 'readwrite', state: 'planned', expires: '1 hour' });
    expect(await earlier.work('give')).toBe(1);
    expect(await stateOf(late)).toBe('active');
    expect(held()).toEqual(['bob:readwrite', 'erin:readonly', 'erin:readwrite']);
    await world.passTime('31 minutes');
    await world.sweep();
    expect(await states()).toEqual(['ended', 'ended', 'active']);
    await world.passTime('2 hours');
    expect(await earlier.work('take')).toBe(2);
    expect([...(await states()), await stateOf(late)]).toEqual(['ended', 'ended', 'ended', 'ended']);
    expect(held()).toEqual([]);
    await world.sweep();
  });

  it('has its grants given and taken by that, and makes out a receipt for them', async () => {
    await world.sweep();
    const id = await request('erin', 'readwrite');
    expect(await earlier.work('give')).toBe(1);
    expect(await stateOf(id)).toBe('active');
    expect(held()).toContain('erin:readwrite');
    // The heartbeat sees nothing wrong with it.
    await world.sweep();
    expect(await stateOf(id)).toBe('active');
    await world.passTime('61 minutes');
    expect(await earlier.work('take')).toBeGreaterThan(0);
    expect(await stateOf(id)).toBe('ended');
    const detail = await world.useCases.history.read(await world.caller('erin'), id);
    if (!detail.ok) throw new Error(detail.rejection.code);
    expect(receiptOf(detail.value)).toMatchObject({ ok: true });
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('has a panic carried out by that, and sees that it is over', async () => {
    await world.sweep();
    const id = await request('erin', 'readwrite');
    await world.sweep();
    expect(held()).toContain('erin:readwrite');
    const carol = await world.caller('carol');
    const selection = { kind: 'person', person: email('erin@example.com') } as const;
    const panic = await world.useCases.panics.start(carol, { selection, reason: 'laptop stolen', hold: true });
    if (!panic.ok) throw new Error(panic.rejection.code);
    expect(await earlier.work('take')).toBe(2);
    expect(held()).toEqual(['bob:readwrite']);
    expect(await stateOf(id)).toBe('ended');
    await world.sweep();
    expect(await world.useCases.panics.read(carol, panic.value.id)).toMatchObject({
      value: { progress: { total: 2, gone: 2, left: 0 }, doneAt: expect.any(Number) },
    });
  });

  it('loses nothing to a worker of that which comes back after its lease', async () => {
    const claims = await earlier.claim('take');
    expect(claims).toHaveLength(1);
    // Leased: nobody else has it.
    expect(await world.reconcile()).toBe(1);
    expect(await states()).toEqual(['active', 'active', 'active']);
    await world.passTime('16 seconds');
    // Its call may land until then.
    await world.sweep();
    await world.passTime('20 seconds');
    await world.sweep();
    expect(await states()).toEqual(['ended', 'active', 'active']);
    // Given again meanwhile: what it has found is not true any more.
    const again = await request('bob', 'readonly');
    await world.sweep();
    expect(await stateOf(again)).toBe('active');
    const before = await everything();
    await earlier.settle(claims);
    expect(await everything()).toEqual(before);
  });

  it('changes nothing where it comes back after its lease, and that has taken over', async () => {
    const claims = await world.store.claim('take', 500, undefined);
    expect(claims).toHaveLength(1);
    expect(await earlier.work('take')).toBe(0);
    await world.passTime('16 seconds');
    expect(await earlier.work('take')).toBe(1);
    expect(await states()).toEqual(['ended', 'active', 'planned']);
    const before = await everything();
    await world.store.settle(
      claims.map((claim) => ({
        claim,
        settled: { observed: 'present', quarantineUntil: undefined, attempts: 1, retryAt: claim.state.callStarted },
        result: { kind: 'observed', observed: 'present' },
        sessionsEnded: 0,
        said: undefined,
      })),
    );
    expect(await everything()).toEqual(before);
  });
});
