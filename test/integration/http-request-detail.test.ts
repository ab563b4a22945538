import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Policy } from '../../src/domain/policy.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { parseOrg, parseRequestId } from '../../src/domain/ids.ts';
import { requestDetailSchema } from '../../src/http/request-detail-schema.ts';
import { after } from '../../src/domain/time.ts';
import { hour, must, worldApp } from '../support/http-app.ts';
import { createWorld, email, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
beforeAll(async () => {
  world = await createWorld();
  app = await worldApp(world, world.useCases);
});
afterAll(async () => {
  await app.close();
  await world[Symbol.asyncDispose]();
});

const call = (who: string, method: 'GET' | 'POST', path: string, payload?: object) =>
  app.inject({ method, url: `/o/demo${path}`, headers: { authorization: `Bearer ${who}` }, ...(payload === undefined ? {} : { payload }) });

async function ask(who: string, resource: string, to?: string): Promise<string> {
  const argv = [...(to === undefined ? ['request'] : ['grant']), 'pg', 'role', resource, '--reason', 'look at orders'];
  if (to !== undefined) argv.push('--to', to);
  const answer = await call(who, 'POST', '/command/', { argv, scriptName: 'p0' });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json().id;
}

async function act(who: string, id: string, action: string, payload?: object): Promise<void> {
  const answer = await call(who, 'POST', `/permission-requests/${id}/${action}`, payload);
  expect(answer.statusCode, answer.body).toBe(200);
}

/** The request in full; every member of it is in the document. */
async function read(who: string, id: string) {
  const answer = await call(who, 'GET', `/permission-requests/${id}`);
  expect(answer.statusCode, answer.body).toBe(200);
  const body = answer.json();
  expect(requestDetailSchema.parse(body)).toEqual(body);
  return requestDetailSchema.parse(body);
}

const actions = ({ timeline }: Awaited<ReturnType<typeof read>>) => timeline.map((each) => each.action);

describe('the whole life of a request', () => {
  it('is told from the asking to the end', async () => {
    const id = await ask('bob', 'readonly');
    const asked = await read('bob', id);
    expect(asked).toMatchObject({
      id,
      status: 'NEW',
      principal: 'bob@example.com',
      matched: { outcome: 'ask', policies: ['Default approvals'], policyVersion: '0' },
      approval: { isOpen: true, approvers: ['Security reviewers'], mayApprove: false, mayDeny: false },
      decisions: [],
    });
    expect([asked.grant, asked.evidence, actions(asked)]).toEqual([undefined, undefined, ['request.submitted']]);
    expect((await read('carol', id)).approval).toMatchObject({ mayApprove: true, mayDeny: true });
    const [listed] = (await call('carol', 'GET', '/permission-requests?limit=1')).json().items;
    expect(await read('carol', id)).toMatchObject(listed);

    await act('carol', id, 'approve', { expirationLength: '30m' });
    const approved = await read('bob', id);
    expect(approved).toMatchObject({
      status: 'APPROVED',
      approval: { isOpen: false, approvers: [], mayApprove: false },
      decisions: [
        {
          verdict: 'approved',
          by: { kind: 'person', email: 'carol@example.com', via: 'api' },
          seconds: 1800,
          policies: ['Default approvals'],
          policyVersion: '0',
        },
      ],
      grant: { state: 'planned', account: 'bob', seconds: 1800, standing: false },
    });
    expect(approved.grant?.grantedAt).toBeUndefined();
    expect(approved.evidence).toEqual({});

    await world.reconcile();
    const active = await read('bob', id);
    expect(active).toMatchObject({ status: 'DONE', grant: { state: 'active' }, evidence: { lastCall: { observed: 'present' } } });
    expect(active.evidence?.confirmedAt).toBe(active.grant?.grantedAt);
    expect(active.grant?.expiresAt).toBe(active.access?.expiresAt);

    await act('carol', id, 'revoke', { reason: 'left the team' });
    const end = { kind: 'revoked', by: 'carol@example.com', reason: 'left the team' };
    expect(await read('bob', id)).toMatchObject({ status: 'DONE', grant: { state: 'ending', end } });
    await world.reconcile();
    await world.work.seal();
    const ended = await read('bob', id);
    expect(ended).toMatchObject({ status: 'REVOKED', grant: { state: 'ended', end }, evidence: { sessionsEnded: 1 } });
    expect(ended.evidence?.goneAt).toBe(ended.grant?.goneAt);
    expect(ended.evidence?.confirmedAt).toBe(active.grant?.grantedAt);
    expect(ended.evidence?.lastCall).toBeUndefined();
    const lateness = Date.parse(ended.grant?.goneAt ?? '') - Date.parse(ended.grant?.end?.at ?? '');
    expect(Math.abs(lateness - (ended.grant?.latenessMs ?? NaN))).toBeLessThanOrEqual(1);
    expect(actions(ended)).toEqual(['request.submitted', 'request.approved', 'grant.activated', 'grant.revoked', 'grant.ended']);
    expect(ended.timeline.map((each) => each.seq)).toEqual(ended.timeline.map((each) => each.seq ?? 0).toSorted((a, b) => a - b));
    expect(ended.timeline[0]?.what).toBe('Asked for role readonly of sample for 5 minutes: look at orders');
    expect(ended.timeline.map((each) => each.at)).toEqual(ended.timeline.map((each) => each.at).toSorted());
  });

  it('of which another goes on says so in both', async () => {
    const id = await ask('jo', 'readonly');
    await act('carol', id, 'approve', { expirationLength: '1h' });
    await world.reconcile();
    const asked = await call('jo', 'POST', `/permission-requests/${id}/extend`, { duration: '30m' });
    expect(asked.statusCode, asked.body).toBe(200);
    const more = asked.json().id;
    await act('carol', more, 'approve', { expirationLength: '30m' });
    await world.reconcile();
    expect(await read('jo', more)).toMatchObject({ extends: id, status: 'DONE', decisions: [{ verdict: 'approved', seconds: 1800 }] });
    const first = await read('jo', id);
    expect(actions(first)).toContain('grant.extended');
    expect(first.timeline.find((each) => each.action === 'grant.extended')?.what).toMatch(
      /^The access goes on by another request, until \d{4}-/,
    );
  });

  it("names a failure, without the target's own words", async () => {
    const id = await ask('bob', 'readonly');
    await act('carol', id, 'approve', { expirationLength: '1h' });
    world.target.faults.push({ kind: 'refused', permanent: true });
    await world.reconcile();
    const failed = await read('bob', id);
    expect(failed).toMatchObject({ status: 'ERRORED', grant: { state: 'failed', account: 'bob' } });
    expect([failed.evidence?.confirmedAt, failed.evidence?.goneAt, actions(failed).at(-1)]).toEqual([undefined, undefined, 'grant.failed']);
    expect(JSON.stringify(failed)).not.toContain('the target said no');
  });
});

describe('who may read', () => {
  it('are the requestor, the principal, approvers, owners, reviewers and viewers; for others it does not exist', async () => {
    const alice = await world.caller('alice');
    expect(await world.useCases.roles.bind(alice, 'viewer', { kind: 'user', name: 'vera@example.com' })).toMatchObject({ ok: true });
    const id = await ask('bob', 'readonly', 'frank@example.com');
    for (const who of ['bob', 'frank', 'alice', 'carol', 'vera']) expect((await read(who, id)).id).toBe(id);
    const unknown = '01938a00-0000-7000-8000-00000000ffff';
    const elsewhere = await requestOfAnotherOrg();
    const bodies = await Promise.all(
      [
        ['dave', id],
        ['carol', unknown],
        ['carol', elsewhere],
        ['carol', 'nope'],
      ].map(async ([who = '', each = '']) => {
        const answer = await call(who, 'GET', `/permission-requests/${each}`);
        const { instance: _, ...rest } = answer.json();
        return [answer.statusCode, rest];
      }),
    );
    for (const body of bodies) expect(body).toEqual([404, expect.objectContaining({ error: 'Not found' })]);
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  it('tells of refused attempts only to those who read the audit log', async () => {
    const id = await ask('bob', 'readwrite');
    expect((await call('dave', 'POST', `/permission-requests/${id}/approve`, { expirationLength: '1h' })).statusCode).toBe(403);
    expect((await call('bob', 'POST', `/permission-requests/${id}/approve`, { expirationLength: '1h' })).statusCode).toBe(403);
    expect(actions(await read('carol', id))).toEqual(['request.submitted', 'refused', 'refused']);
    const own = await read('bob', id);
    expect(own.timeline.map((each) => each.what)).toEqual([expect.any(String), 'Refused: request.decide (own-request)']);
    expect(JSON.stringify(own)).not.toContain('dave@example.com');
    await act('bob', id, 'cancel');
  });
});

describe('policies', () => {
  it('that matched are named with their version, and those that decided with theirs', async () => {
    const alice = await world.caller('alice');
    const policy: Policy = {
      name: 'platform',
      requestor: { type: 'any' },
      resource: { type: 'integration', service: 'pg' },
      approval: [
        { type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' },
        { type: 'p0', options: { requireDuration: true } },
      ],
    };
    expect(await world.useCases.policies.create(alice, 'platform', policy)).toMatchObject({ ok: true });
    const id = await ask('bob', 'readwrite');
    // A way that the request does not meet leads nobody anywhere.
    expect(await read('dave', id)).toMatchObject({
      matched: { outcome: 'ask', policies: ['platform'], policyVersion: '1' },
      approval: { approvers: ['Platform team'], mayApprove: true, mayDeny: true },
    });
    const other: Policy = { ...policy, name: 'other', approval: [{ type: 'p0' }] };
    expect(await world.useCases.policies.create(alice, 'other', other)).toMatchObject({ ok: true });
    expect((await read('dave', id)).approval.approvers).toEqual(['Platform team', 'Security reviewers']);
    await act('dave', id, 'deny', { reason: 'not now' });
    const denied = await read('bob', id);
    expect(denied).toMatchObject({
      status: 'DENIED',
      matched: { policies: ['platform'], policyVersion: '1' },
      decisions: [{ verdict: 'denied', reason: 'not now', by: { email: 'dave@example.com' }, policies: ['platform'], policyVersion: '2' }],
    });
    expect([denied.grant, denied.timeline.at(-1)?.what]).toEqual([undefined, 'Denied: not now']);
  });

  it('that give without asking decide themselves', async () => {
    const alice = await world.caller('alice');
    const standing: Policy = {
      name: 'standing',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [{ type: 'persistent' }],
    };
    expect(await world.useCases.policies.create(alice, 'standing', standing)).toMatchObject({ ok: true });
    const id = await ask('gina', 'readonly');
    expect(await read('gina', id)).toMatchObject({
      matched: { outcome: 'persistent', policies: ['standing'], policyVersion: '3' },
      decisions: [{ verdict: 'approved', by: { kind: 'policy', name: 'standing' }, policies: ['standing'], policyVersion: '3' }],
      grant: { standing: true },
    });
  });

  it('say who may decide for the token that asks', async () => {
    const erin = await world.caller('erin');
    const scopes = new Set(everyScope);
    scopes.delete('requests:decide');
    const id = must(parseRequestId(await requestOf('erin')));
    const carol = await world.caller('carol');
    expect(await world.useCases.history.read(carol, id)).toMatchObject({ value: { approval: { mayApprove: true } } });
    expect(await world.useCases.history.read({ ...carol, scopes }, id)).toMatchObject({
      value: { approval: { isOpen: true, mayApprove: false, mayDeny: false } },
    });
    scopes.delete('requests:read');
    expect(await world.useCases.history.read({ ...erin, scopes }, id)).toMatchObject({ rejection: { code: 'scope-required' } });
  });
});

/** A pending one: the policy that gives without asking is taken away again. */
async function requestOf(who: string): Promise<string> {
  expect(await world.useCases.policies.remove(await world.caller('alice'), 'standing', 'any')).toMatchObject({ ok: true });
  return ask(who, 'readonly');
}

async function requestOfAnotherOrg(): Promise<string> {
  const other = must(parseOrg('other'));
  return world.store.transaction(async (tx) => {
    const person = await tx.person(other, email('carol@example.com'));
    const now = await tx.now();
    return tx.addRequest(
      { kind: 'system' },
      {
        org: other,
        requestor: person,
        keyMakers: [],
        principal: person,
        permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
        reason: undefined,
        asked: hour,
        durationNamed: true,
        createdAt: now,
        approvableUntil: after(now, hour),
        outcome: 'ask',
        rules: { version: '0', policies: [] },
      },
    );
  });
}
