import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { decodeNarrow, encodeNarrow } from '../../blocks/wire.ts';
import { parseRequestId } from '../../src/domain/ids.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import type { Message } from '../../src/sandbox/slack/state.ts';
import { bindConfiguredRoles } from '../../src/store/configured.ts';
import { expectAgreement } from '../support/agreement.ts';
import { accessOf, approvalOf, buttonsOf, expectNoComplaints, seen, textOf, windowWith } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result.value;
};

describe('an approver who gives less', () => {
  let world: World;
  let alice: Caller;
  let bob: Caller;
  let carol: Caller;
  beforeEach(async () => {
    world = await createWorld();
    await bindConfiguredRoles(world.db, org, {
      owner: [email('alice@example.com')],
      manager: [email('alice@example.com'), email('carol@example.com')],
    });
    [alice, bob, carol] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('carol')]);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const policy = (name: string, resource: object, approval: object) =>
    world.pool.query(`insert into policies (org, name, document) values ('demo', $1, $2)`, [
      name,
      { name, requestor: { type: 'any' }, resource, approval: [approval] },
    ]);
  const only = (role: string) => ({
    type: 'integration',
    service: 'pg',
    accessType: 'role',
    filters: { role: { effect: 'keep', key: 'name', pattern: `^${role}$` } },
  });
  async function ask(resource = 'readwrite'): Promise<PermissionRequest> {
    const right = { service: 'pg', accessType: 'role', resource, integration: undefined };
    return must(await world.useCases.submitRequest(bob, { right, reason: 'look', duration: undefined, to: undefined })).request;
  }
  const narrow = (who: Caller, { id }: PermissionRequest, to = 'readonly') => world.useCases.narrowRequest(who, id, to);
  const approve = (who: Caller, { id }: PermissionRequest, digest?: string) =>
    world.useCases.decideRequest(who, id, { kind: 'approve', duration: undefined, digest });
  const resourceOf = async ({ id }: PermissionRequest) => (await world.store.request(org, id))?.permission.resource;

  it('makes it a request for that, on record, and what was agreed to before is taken back', async () => {
    await policy('two', { type: 'any' }, { type: 'p0', options: { requiredApprovals: 2 } });
    const request = await ask();
    const before = must(await world.useCases.pictureOf(alice, request.id));
    expect(before.narrower).toEqual(['readonly']);
    must(await approve(carol, request));
    const less = must(await narrow(alice, request));
    expect(less).toMatchObject({
      permission: { resource: 'readonly' },
      narrowed: { from: 'readwrite', by: 'alice@example.com' },
      state: { kind: 'pending' },
      endorsements: undefined,
    });
    // Whoever saw the old picture agrees to nothing by it.
    expect(await approve(carol, request, before.choice?.digest)).toMatchObject({ rejection: { code: 'stale-picture' } });
    must(await approve(alice, request));
    must(await approve(carol, request));
    await world.reconcile();
    const [right] = (await world.pool.query(`select resource, observed from rights`)).rows;
    expect(right).toEqual({ resource: 'readonly', observed: 'present' });
    const event = (await world.audit()).find(({ action }) => action === 'request.narrowed');
    expect(event).toMatchObject({ actor: { email: 'alice@example.com' }, data: { from: 'readwrite', to: 'readonly' } });
  });

  it('takes what came back from Slack for a long name, and what an older message carries', async () => {
    const names = ['a', 'b'].map((end) => `arn:${'x'.repeat(90)}:${end}`);
    vi.spyOn(world.target, 'narrower').mockReturnValue(names);
    for (const name of names) {
      const request = await ask();
      const value = encodeNarrow(request.id, name);
      expect(value.length).toBeLessThanOrEqual(75);
      for (const sent of [value, `${request.id}.${name}`]) {
        must(await narrow(alice, request, decodeNarrow(sent)?.to));
        expect(await resourceOf(request)).toBe(name);
      }
    }
  });

  it('must be one who may approve it, and what it becomes', async () => {
    const request = await ask();
    expect(await narrow(bob, request)).toMatchObject({ rejection: { code: 'own-request' } });
    expect(await narrow(await world.caller('dave'), request)).toMatchObject({ rejection: { code: 'not-approver' } });
    await policy('wide', only('readwrite'), { type: 'p0' });
    await policy('less', only('readonly'), { type: 'deny' });
    expect(await narrow(alice, request)).toMatchObject({ rejection: { code: 'not-approver' } });
    expect(await resourceOf(request)).toBe('readwrite');
  });

  it('says what became of it to nobody else', async () => {
    const request = await ask();
    must(await approve(alice, request));
    const dave = await world.caller('dave');
    for (const act of [narrow, approve]) {
      expect(await act(alice, request)).toMatchObject({ rejection: { code: 'already-decided' } });
      expect(await act(dave, request)).toMatchObject({ rejection: { code: 'not-approver' } });
    }
  });

  it('chooses from what the integration offers, while it waits', async () => {
    const request = await ask();
    for (const to of ['readwrite', 'superuser', '', '__proto__', 'x'.repeat(300)])
      expect(await narrow(alice, request, to)).toMatchObject({ rejection: { code: 'invalid-value', field: 'resource' } });
    expect(await narrow(alice, await ask('readonly'))).toMatchObject({ rejection: { code: 'invalid-value' } });
    const unknown = parseRequestId('01890000-0000-7000-8000-000000000000');
    if (unknown === undefined) throw new Error('that is an id');
    expect(await world.useCases.narrowRequest(alice, unknown, 'readonly')).toMatchObject({ rejection: { code: 'not-found' } });
    must(await approve(alice, request));
    expect(await narrow(alice, request)).toMatchObject({ rejection: { code: 'already-decided' } });
    expect(await resourceOf(request)).toBe('readwrite');
    expect((await world.audit()).filter(({ action }) => action === 'request.narrowed')).toEqual([]);
  });
});

function optionOf(shown: Pick<Message, 'blocks'>): string {
  const option = /"value":"([0-9a-f-]{36}\.readonly)"/.exec(JSON.stringify(shown.blocks))?.[1];
  if (option === undefined) throw new Error('nothing less is offered');
  return option;
}

it.each(['socket', 'http'] as const)(
  'is chosen in Slack beside Approve, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    await workspace.as('bob').command('/access request pg role readwrite --reason "fix one row" --duration 10m');
    const approval = await approvalOf(workspace, 'fix one row');
    const option = optionOf(approval);
    // Whoever asks does not see to it themselves.
    await workspace.as('bob').choose(approval, 'narrow', option);
    await seen(
      workspace,
      () => workspace.as('bob').ephemerals(),
      () => true,
    );
    await workspace.as('carol').choose(approval, 'narrow', option);
    await seen(
      workspace,
      () => [approval],
      (message) => textOf(message).includes('in place of'),
    );
    await expectAgreement(product);
    expect(JSON.stringify(approval.blocks)).not.toContain('"narrow"');
    await workspace.as('carol').press(approval, 'approve');
    const access = await accessOf(workspace, 'bob');
    expect(textOf(access)).toContain('readonly');

    // The window that is opened from the home tab offers it too, and is approved as it then shows it.
    const carol = workspace.as('carol');
    await workspace.as('bob').command('/access request pg role readwrite --reason "one more row" --duration 10m');
    await approvalOf(workspace, 'one more row');
    await carol.openHome();
    const home = await workspace.until(() => {
      const tab = carol.home();
      return tab !== undefined && buttonsOf(tab).includes('review') ? tab : undefined;
    });
    await carol.press(home, 'review');
    const window = await windowWith(workspace, carol, 'Approve for');
    await carol.choose(window, 'narrow', optionOf(window));
    await windowWith(workspace, carol, 'in place of');
    expect(textOf(window)).not.toContain('"narrow"');
    expect(await carol.submit(window)).toEqual({ errors: {}, notice: null });
    await windowWith(workspace, carol, 'Approved');
    const { rows } = await product.curfew.pool.query(`select resource, state from requests where reason = 'one more row'`);
    expect(rows).toEqual([{ resource: 'readonly', state: 'approved' }]);
    await expectAgreement(product);
    expectNoComplaints(product);
  },
  120_000,
);
