import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { createDirectories } from '../../src/directories/index.ts';
import { createFileDirectories } from '../../src/directories/local.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { postingKey } from '../../src/domain/posting.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { callerOf, expectAgreement } from '../support/agreement.ts';
import { accessOf, approvalOf, buttonsOf, expectNoComplaints, pressStale, seen, textOf } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.value;
};
const local = (id: string, label: string) => ({ directory: 'local', id, label });
const next = { afterMinutes: 30, groups: [local('platform', 'Platform team'), local('leads', 'Team leads')] };

describe('the next group', () => {
  let world: World;
  let alice: Caller;
  let bob: Caller;
  let dave: Caller;
  let frank: Caller;
  beforeEach(async () => {
    world = await createWorld();
    [alice, bob, dave, frank] = await Promise.all([
      world.caller('alice'),
      world.caller('bob'),
      world.caller('dave'),
      world.caller('frank'),
    ]);
    const group = (id: string, ...names: string[]) => ({
      directory: 'local' as const,
      id,
      label: id,
      members: names.map((name) => email(`${name}@example.com`)),
    });
    world.deps.routing.directories = createDirectories(
      createFileDirectories([group('platform', 'dave', 'bob'), group('leads', 'frank', 'dave')]),
    );
    await world.pool.query(`insert into policies (org, name, document) values ('demo', 'one', $1)`, [
      { name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'p0', options: { nextGroups: next } }] },
    ]);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  async function ask(): Promise<PermissionRequest> {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
    const asked = must(await world.useCases.submitRequest(bob, { right, reason: 'look', duration: undefined, to: undefined }));
    await world.work.notify(asked.request.id);
    return asked.request;
  }
  /** What the sweep does by itself when so much time has passed. */
  async function pass(interval: string, id: RequestId): Promise<void> {
    await world.passTime(interval);
    await world.work.remind();
    const { rows } = await world.pool.query(`select from outbox where kind = 'notify' and subject = $1`, [id]);
    if (rows.length > 0) await world.work.notify(id);
  }
  const places = (slot: string) => world.posted.filter((each) => each.slot === slot).map(postingKey);
  const approve = (who: Caller, id: RequestId, digest?: string) =>
    world.useCases.decideRequest(who, id, { kind: 'approve', duration: undefined, digest });

  it('is asked when nobody answered, one after the other, and may decide from then on and not before', async () => {
    const { id } = await ask();
    const shown = must(await world.useCases.pictureOf(alice, id)).choice?.digest;
    await pass('29 minutes', id);
    expect(await approve(dave, id)).toMatchObject({ rejection: { code: 'not-approver' } });
    expect(places('approval')).toEqual(['approval']);

    await pass('1 minute', id);
    expect(places('approval')).toEqual(['approval', 'approval@dave@example.com']);
    expect(places('escalation')).toEqual(['escalation-1']);
    expect(await approve(frank, id)).toMatchObject({ rejection: { code: 'not-approver' } });
    // Who asked is in the group, and that changes nothing.
    expect(await approve(bob, id)).toMatchObject({ rejection: { code: 'own-request' } });
    expect(must(await world.useCases.pictureOf(dave, id)).approvers).toEqual(['Security reviewers', 'Platform team']);
    // What alice saw is not what she would agree to now.
    expect(await approve(alice, id, shown)).toMatchObject({ rejection: { code: 'stale-picture' } });

    await pass('30 minutes', id);
    // Dave is in both groups, and has his message.
    expect(places('approval')).toEqual(['approval', 'approval@dave@example.com', 'approval@frank@example.com']);
    expect(places('escalation')).toEqual(['escalation-1', 'escalation-2']);
    await pass('1 day', id);
    expect(places('escalation')).toHaveLength(2);
    const widened = (await world.audit()).filter(({ action }) => action === 'request.widened');
    expect(widened.map(({ actor, data }) => [actor.kind, data['groups']])).toEqual([
      ['system', [next.groups[0]]],
      ['system', [next.groups[1]]],
    ]);
    expect(must(await approve(frank, id)).state).toMatchObject({ kind: 'approved' });
  });

  it('is not asked while approvers answer, and one step at a time after we were away', async () => {
    const { id } = await ask();
    await pass('20 minutes', id);
    must(await world.useCases.questionRequest(alice, id, 'What for?'));
    await world.pool.query(
      `update requests set questions = jsonb_set(questions, '{0,at}', to_jsonb((extract(epoch from now()) * 1000)::bigint))`,
    );
    await pass('15 minutes', id);
    await world.work.notify(id);
    expect(places('escalation')).toEqual([]);
    await world.pool.query(`update requests set questions = jsonb_set(questions, '{0,at}', '0')`);
    await pass('5 hours', id);
    await world.work.notify(id);
    expect(places('escalation')).toEqual(['escalation-1']);
  });

  it('is asked before its time where the requestor escalates: a step with each press, and none with the same press again', async () => {
    const { id } = await ask();
    const escalate = (reason?: string) => world.useCases.escalateRequest(bob, id, reason);
    expect(must(await world.useCases.pictureOf(bob, id)).canEscalate).toBe(true);
    const both = await Promise.all([escalate('the shop is down'), escalate('the shop is down')]);
    for (const each of both) expect(must(each).groupsAsked).toMatchObject({ count: 1, reason: 'the shop is down' });
    await world.work.notify(id);
    expect(places('approval')).toEqual(['approval', 'approval@dave@example.com']);
    expect(places('escalation')).toEqual(['escalation-1']);
    expect(await approve(frank, id)).toMatchObject({ rejection: { code: 'not-approver' } });

    await world.passTime('1 minute');
    expect(must(await escalate()).groupsAsked).toMatchObject({ count: 2, reason: undefined });
    await world.work.notify(id);
    expect(places('escalation')).toEqual(['escalation-1', 'escalation-2']);
    expect(must(await world.useCases.pictureOf(bob, id)).canEscalate).toBe(false);
    await world.passTime('1 minute');
    expect(must(await escalate()).groupsAsked?.count).toBe(2);
    const widened = (await world.audit()).filter(({ action }) => action === 'request.widened');
    expect(widened.map(({ actor, data }) => [actor, data])).toEqual([
      [expect.objectContaining({ email: 'bob@example.com' }), { groups: [next.groups[0]], reason: 'the shop is down' }],
      [expect.objectContaining({ email: 'bob@example.com' }), { groups: [next.groups[1]] }],
    ]);
    expect(must(await approve(frank, id)).state).toMatchObject({ kind: 'approved' });
  });

  it('cannot decide any more when the policy stops naming it', async () => {
    const { id } = await ask();
    await pass('30 minutes', id);
    await world.store.transaction(async (tx) => {
      await tx.policyBook.lock(org);
      const policy = { name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'p0' }] } as const;
      await tx.policyBook.change({ kind: 'system' }, org, [{ name: 'one', policy }], false);
    });
    expect(await approve(dave, id)).toMatchObject({ rejection: { code: 'not-approver' } });
    expect((await approve(alice, id)).ok).toBe(true);
  });
});

it.each([
  ['socket', 'silence'],
  ['http', 'silence'],
  ['socket', 'a press'],
  ['http', 'a press'],
] as const)(
  'asks the next group in Slack, once, and its members decide, over %s, by %s',
  async (transport, by) => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    const created = await curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'one', {
      name: 'one',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [{ type: 'p0', options: { nextGroups: { ...next, groups: next.groups.slice(0, 1) } } }],
    });
    expect(created.ok).toBe(true);
    await workspace.as('bob').command('/access request pg role readonly --reason "in the night" --duration 10m');
    const approval = await approvalOf(workspace, 'in the night');
    await expectAgreement(product);
    if (by === 'silence') await curfew.pool.query(`update requests set created_at = created_at - interval '31 minutes', notify_at = now()`);
    else {
      const bob = workspace.as('bob');
      const mine = await seen(
        workspace,
        () => bob.dm(),
        (message) => buttonsOf(message).includes('escalate'),
      );
      const shown = mine.blocks;
      // Pressed again at once, it asks nobody more, and says when that may be.
      for (const times of [1, 2]) {
        await pressStale(bob, mine, shown, 'escalate');
        await workspace.until(() => bob.ephemerals().filter((each) => textOf(each).includes('again after 1 minute')).length === times);
      }
    }
    const copy = await seen(
      workspace,
      () => workspace.as('dave').dm(),
      (message) => textOf(message).includes('in the night') && buttonsOf(message).includes('approve'),
    );
    expect(textOf(copy)).toContain('Asked more widely');
    await expectAgreement(product);
    expect(textOf(approval)).toContain('Platform team');
    await workspace.as('dave').press(copy, 'approve');
    await accessOf(workspace, 'bob');
    await expectAgreement(product);
    for (const message of [approval, copy]) expect(buttonsOf(message)).toEqual(['revoke']);
    expect(
      workspace
        .as('dave')
        .dm()
        .filter((message) => textOf(message).includes('in the night')),
    ).toHaveLength(1);
    expectNoComplaints(product);
  },
  120_000,
);
