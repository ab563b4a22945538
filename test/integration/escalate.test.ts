import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approval } from '../../blocks/approval.ts';
import type { Caller, OnCall } from '../../src/app/ports.ts';
import { parseOrg } from '../../src/domain/ids.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, org, type World } from '../support/world.ts';

type Pager = OnCall & {
  readonly onCall: Set<string>;
  readonly pages: { services: readonly string[]; key: string; text: string }[];
  away: boolean;
};

/** Somebody else's on-call service, in memory. */
function pager(name: string): Pager {
  const it: Pager = {
    name,
    onCall: new Set(),
    pages: [],
    away: false,
    isOnCall: async (person) => it.onCall.has(person),
    canPage: (service) => service !== 'keyless',
    async page(services, { key, text }) {
      if (it.away) throw new Error('the pager does not answer');
      if (!it.pages.some((page) => page.key === key)) it.pages.push({ services, key, text });
    },
  };
  return it;
}

let world: World;
let pagers: Map<string, Pager>;
let bob: Caller;
let carol: Caller;
let dave: Caller;

beforeEach(async () => {
  pagers = new Map();
  world = await createWorld({ onCalls: (name) => pagers.get(name) });
  [bob, carol, dave] = await Promise.all([world.caller('bob'), world.caller('carol'), world.caller('dave')]);
});
afterEach(() => world[Symbol.asyncDispose]());

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}
const put = (...approval: object[]) =>
  world.pool.query(
    `insert into policies (org, name, document) values ('demo', 'one', $1) on conflict (org, name) do update set document = excluded.document`,
    [{ name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval }],
  );
const escalation = (integration: string, ...services: string[]) => ({ type: 'escalation', integration, services });
const configured = (name: string): Pager => {
  const made = pager(name);
  pagers.set(name, made);
  return made;
};
const ask = async (to?: string): Promise<PermissionRequest> =>
  must(
    await world.useCases.submitRequest(bob, {
      right: { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined },
      reason: 'look at orders',
      duration: undefined,
      to,
    }),
  ).request;
const escalate = (caller: Caller, { id }: PermissionRequest, reason?: string) => world.useCases.escalateRequest(caller, id, reason);
const events = async () => (await world.audit()).filter(({ action }) => action === 'request.escalated');

describe('escalating', () => {
  it('tells whoever is on call, once, and posts the approval message once more', async () => {
    const pagerduty = configured('pagerduty');
    await put({ type: 'p0' }, escalation('pagerduty', 'database', 'platform'), escalation('pagerduty', 'platform'));
    const request = await ask();
    await world.work.notify(request.id);
    expect(world.posted.map(({ slot }) => slot)).toEqual(['approval', 'request']);
    const escalated = must(await escalate(bob, request, 'the shop is down'));
    expect(escalated.escalation).toMatchObject({ reason: 'the shop is down', isPaged: false });
    expect(pagerduty.pages).toEqual([]);
    await world.work.notify(request.id);
    await world.work.notify(request.id);
    expect(pagerduty.pages).toEqual([
      { services: ['database', 'platform'], key: request.id, text: expect.stringContaining('the shop is down') },
    ]);
    expect(world.posted.map(({ slot, redrawn }) => [slot, redrawn])).toEqual([
      ['approval', 1],
      ['request', 1],
      ['escalation', 0],
    ]);
    const shown = world.posted.at(-1)?.picture;
    if (shown === undefined) throw new Error('nothing was posted');
    expect(approval(shown).text).toContain('Escalated');
    expect(approval(shown).text).toContain('the shop is down');
    expect(await events()).toMatchObject([
      {
        actor: { email: 'bob@example.com' },
        data: { reason: 'the shop is down', services: [{ integration: 'pagerduty', services: ['database', 'platform'] }] },
      },
    ]);
  });

  it('asks the next group with the same press, as one message in the channel', async () => {
    const pagerduty = configured('pagerduty');
    const leads = { directory: 'local', id: 'leads', label: 'Leads' };
    await put({ type: 'p0', options: { nextGroups: { afterMinutes: 30, groups: [leads] } } }, escalation('pagerduty', 'database'));
    const request = await ask();
    const escalated = must(await escalate(bob, request, 'the shop is down'));
    expect([escalated.escalation?.reason, escalated.groupsAsked]).toMatchObject(['the shop is down', { count: 1, reason: undefined }]);
    await world.work.notify(request.id);
    expect(pagerduty.pages).toHaveLength(1);
    expect(world.posted.map(({ slot }) => slot)).toEqual(['approval', 'escalation', 'request']);
    expect(must(await escalate(bob, request))).toMatchObject({ groupsAsked: { count: 1 } });
  });

  it('asks the next group where nobody on call can be told', async () => {
    const leads = { directory: 'local', id: 'leads', label: 'Leads' };
    await put({ type: 'p0', options: { nextGroups: { afterMinutes: 30, groups: [leads] } } }, escalation('pagerduty', 'database'));
    const request = await ask();
    const escalated = must(await escalate(bob, request, 'the shop is down'));
    expect([escalated.escalation, escalated.groupsAsked]).toMatchObject([undefined, { count: 1, reason: 'the shop is down' }]);
    expect(await events()).toEqual([]);
  });

  it('changes nothing the second time, whoever asks', async () => {
    configured('pagerduty');
    await put(escalation('pagerduty', 'database'));
    const request = await ask('erin@example.com');
    const erin = await world.caller('erin');
    const both = await Promise.all([escalate(bob, request, 'first'), escalate(erin, request, 'second')]);
    expect(both.map((each) => must(each).escalation?.reason)).toEqual([must(both[0]).escalation?.reason, must(both[0]).escalation?.reason]);
    expect(await events()).toHaveLength(1);
  });

  it('lets whoever is on call approve, and keeps the message true', async () => {
    const pagerduty = configured('pagerduty');
    pagerduty.onCall.add('dave@example.com');
    await put(escalation('pagerduty', 'database'));
    const request = await ask();
    must(await escalate(bob, request));
    await world.work.notify(request.id);
    const approve = (caller: Caller) =>
      world.useCases.decideRequest(caller, request.id, { kind: 'approve', duration: undefined, digest: undefined });
    expect(await approve(carol)).toMatchObject({ ok: false, rejection: { code: 'not-approver' } });
    must(await approve(dave));
    await world.work.notify(request.id);
    expect(world.posted.find(({ slot }) => slot === 'escalation')).toMatchObject({
      redrawn: 1,
      picture: { request: { state: { kind: 'approved' } }, choice: undefined },
    });
  });

  it('goes on telling while the on-call service is away, and posts its messages all the same', async () => {
    const pagerduty = configured('pagerduty');
    const incidentio = configured('incidentio');
    pagerduty.away = true;
    await put(escalation('pagerduty', 'database'), escalation('incidentio', 'shop'));
    const request = await ask();
    must(await escalate(bob, request));
    await expect(world.work.notify(request.id)).rejects.toThrow('the pager does not answer');
    expect(world.posted.map(({ slot }) => slot)).toContain('escalation');
    expect((await world.store.request(org, request.id))?.escalation?.isPaged).toBe(false);
    pagerduty.away = false;
    await world.work.notify(request.id);
    expect([pagerduty.pages.length, incidentio.pages.length]).toEqual([1, 1]);
    expect((await world.store.request(org, request.id))?.escalation?.isPaged).toBe(true);
  });

  it('tells nobody of what is decided meanwhile', async () => {
    const pagerduty = configured('pagerduty');
    await put({ type: 'p0' }, escalation('pagerduty', 'database'));
    const request = await ask();
    must(await escalate(bob, request));
    must(await world.useCases.cancelRequest(bob, request.id));
    await world.work.notify(request.id);
    expect(pagerduty.pages).toEqual([]);
    expect(world.posted.map(({ slot }) => slot)).not.toContain('escalation');
  });
});

describe('what cannot be escalated is refused, and nothing changes', () => {
  const unchanged = async (request: PermissionRequest) => {
    expect((await world.store.request(org, request.id))?.escalation).toBeUndefined();
    expect(await events()).toEqual([]);
  };

  it('where no policy names a service', async () => {
    configured('pagerduty');
    const request = await ask();
    expect(await escalate(bob, request)).toMatchObject({ ok: false, rejection: { code: 'not-escalatable' } });
    await unchanged(request);
  });

  it('where the service could not approve this request', async () => {
    configured('pagerduty');
    await put({ type: 'p0' }, { ...escalation('pagerduty', 'database'), options: { requirePreapproval: true } });
    const request = await ask();
    expect(await escalate(bob, request)).toMatchObject({ ok: false, rejection: { code: 'not-escalatable' } });
    await unchanged(request);
  });

  it('where no on-call integration is configured', async () => {
    await put({ type: 'p0' }, escalation('pagerduty', 'database'));
    const request = await ask();
    expect(await escalate(bob, request)).toMatchObject({
      ok: false,
      rejection: { code: 'not-configured', what: 'The on-call integration pagerduty' },
    });
    await unchanged(request);
  });

  it('where it is not configured how to tell any of the services; else those are told that it is', async () => {
    const pagerduty = configured('pagerduty');
    await put({ type: 'p0' }, escalation('pagerduty', 'keyless'));
    const request = await ask();
    expect(await escalate(bob, request)).toMatchObject({
      ok: false,
      rejection: { code: 'not-configured', what: 'The routing key of the pagerduty service keyless' },
    });
    await unchanged(request);
    await put({ type: 'p0' }, escalation('pagerduty', 'keyless', 'database'));
    must(await escalate(bob, request));
    expect(await events()).toMatchObject([{ data: { services: [{ integration: 'pagerduty', services: ['database'] }] } }]);
    await world.work.notify(request.id);
    expect(pagerduty.pages.map(({ key }) => key)).toEqual([request.id]);
  });

  it('by anybody else, after the decision, and for an id that is not known', async () => {
    configured('pagerduty');
    await put({ type: 'p0' }, escalation('pagerduty', 'database'));
    const request = await ask();
    for (const caller of [carol, dave])
      expect(await escalate(caller, request)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
    must(await world.useCases.decideRequest(carol, request.id, { kind: 'deny', reason: undefined }));
    expect(await escalate(bob, request)).toMatchObject({ ok: false, rejection: { code: 'already-decided', status: 'DENIED' } });
    await unchanged(request);
    const other = parseOrg('other');
    if (other === undefined) throw new Error('other is a slug');
    expect(await escalate({ ...bob, org: other }, request)).toMatchObject({ ok: false, rejection: { code: 'not-found' } });
  });
});
