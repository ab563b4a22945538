import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { type DurationSeconds, parseDuration } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, type World } from '../support/world.ts';

const time = (text: string): DurationSeconds => {
  const parsed = parseDuration(text);
  if (parsed === undefined) throw new Error(`${text} is no duration`);
  return parsed;
};
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
};

let world: World;
let bob: Caller;
let carol: Caller;
const paged: string[] = [];
beforeAll(async () => {
  world = await createWorld({
    escalateAfter: time('30m'),
    onCalls: (name) => ({
      name,
      isOnCall: async () => false,
      canPage: (service) => service === 'database',
      page: async (services) => void paged.push(...services),
    }),
  });
  [bob, carol] = [await world.caller('bob'), await world.caller('carol')];
});
afterAll(() => world[Symbol.asyncDispose]());

const policy = (...approval: object[]) =>
  world.pool.query(
    `insert into policies (org, name, document) values ('demo', 'one', $1) on conflict (org, name) do update set document = excluded.document`,
    [{ name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval }],
  );
let asked = 0;
async function ask(duration = '1h'): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const submitted = must(await world.useCases.submitRequest(bob, { right, reason: `${asked++}`, duration: time(duration), to: undefined }));
  await world.work.notify(submitted.request.id);
  return submitted.request;
}
/** Time has passed, and the heartbeat came by. */
async function timePasses(interval: string, { id }: PermissionRequest): Promise<void> {
  await world.passTime(interval);
  await world.work.remind();
  await world.work.notify(id);
}
const messagesOf = ({ id }: PermissionRequest) => world.posted.filter(({ picture }) => picture.request.id === id);
const told = (request: PermissionRequest) => messagesOf(request).map(({ slot, round }) => (round === 0 ? slot : `${slot} ${round}`));
const nudge = ({ id }: PermissionRequest, caller = bob) => world.useCases.nudgeRequest(caller, id);

describe('a nudge', () => {
  it('puts the request before approvers once more, not at once and not too often', async () => {
    const request = await ask();
    expect(await nudge(request)).toMatchObject({ ok: false, rejection: { code: 'too-soon', seconds: 600 } });
    await timePasses('10 minutes', request);
    expect(await nudge(request)).toMatchObject({ ok: true, value: { nudges: 1 } });
    expect(await nudge(request)).toMatchObject({ ok: false, rejection: { code: 'too-soon' } });
    await world.work.notify(request.id);
    expect(told(request)).toEqual(['approval', 'request', 'nudge 1']);
    await timePasses('10 minutes', request);
    must(await nudge(request));
    await world.work.notify(request.id);
    expect(told(request)).toEqual(['approval', 'request', 'nudge 1', 'reminder 1', 'nudge 2']);
    expect((await world.audit()).filter(({ action }) => action === 'request.nudged')).toHaveLength(2);
  });

  it('is for whoever waits, while they wait', async () => {
    const request = await ask();
    await timePasses('10 minutes', request);
    expect(await nudge(request, carol)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
    must(await world.useCases.decideRequest(carol, request.id, { kind: 'deny', reason: undefined }));
    expect(await nudge(request)).toMatchObject({ ok: false, rejection: { code: 'already-decided' } });
  });

  it('is one of two pressed at once', async () => {
    const request = await ask();
    await timePasses('10 minutes', request);
    const both = await Promise.all([nudge(request), nudge(request)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
  });
});

describe('escalation by time', () => {
  const onCall = (service: string) => ({ type: 'escalation', integration: 'pagerduty', services: [service] });

  it('asks whoever is on call after the configured time, once, and says who did it', async () => {
    await policy({ type: 'p0' }, onCall('database'));
    const request = await ask();
    expect(messagesOf(request)[0]?.picture).toMatchObject({ canEscalate: true });
    await timePasses('29 minutes', request);
    expect(paged).toEqual([]);
    await timePasses('1 minute', request);
    await timePasses('1 minute', request);
    expect(paged).toEqual(['database']);
    expect(told(request).filter((slot) => slot === 'escalation')).toHaveLength(1);
    expect(messagesOf(request)[0]?.picture).toMatchObject({ canEscalate: false });
    expect((await world.audit()).filter(({ action }) => action === 'request.escalated')).toMatchObject([{ actor: { kind: 'system' } }]);
  });

  it('leaves alone what nobody on call can be told of', async () => {
    await policy({ type: 'p0' }, onCall('keyless'));
    const request = await ask();
    await timePasses('2 hours', request);
    expect(told(request)).not.toContain('escalation');
    expect(world.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('more time with one press', () => {
  const active = async (duration: string): Promise<PermissionRequest> => {
    await policy({ type: 'p0' });
    const request = await ask(duration);
    must(await world.useCases.decideRequest(carol, request.id, { kind: 'approve', duration: undefined, digest: undefined }));
    await world.reconcile();
    await world.work.notify(request.id);
    return request;
  };
  const offered = (request: PermissionRequest) => messagesOf(request).find(({ slot }) => slot === 'access')?.picture.extendBy;

  it('is as much as was asked for before, of the presets', async () => {
    expect(offered(await active('1h'))).toBe(time('1h'));
    expect(offered(await active('90m'))).toBe(time('1h'));
    // Shorter than any preset: the shortest.
    expect(offered(await active('30s'))).toBe(time('5m'));
  });

  it('is not offered beyond the maximum, nor of access that goes on already', async () => {
    const request = await active('1h');
    must(await world.useCases.extendRequest(bob, request.id, { duration: time('1h'), reason: 'more' }));
    const { rows: extensions } = await world.pool.query(`select id from requests where extends = $1`, [request.id]);
    must(await world.useCases.decideRequest(carol, extensions[0].id, { kind: 'approve', duration: undefined, digest: undefined }));
    await world.reconcile();
    await world.work.notify(request.id);
    expect(offered(request)).toBeUndefined();
  });
});
