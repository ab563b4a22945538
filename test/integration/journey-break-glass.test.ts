import { expect, it } from 'vitest';
import { actionIds, blockIds } from '../../blocks/wire.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import { callerOf, expectAgreement } from '../support/agreement.ts';
import { accessOf, buttonsOf, expectNobodyCalled, expectNoComplaints, seen, textOf, told, windowWith } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

const take = '/access request pg role readonly --break-glass --reason "orders are stuck"';

async function open(product: RunningCurfew): Promise<void> {
  const created = await product.curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'orders', {
    name: 'orders',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'p0', options: { breakGlass: { maxMinutes: 30 } } }],
  });
  expect(created.ok).toBe(true);
}

it.each(['socket', 'http'] as const)(
  'is taken at once, told to everybody who should know, and reviewed, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    await open(product);
    await bob.command(take);
    const alarm = await seen(
      workspace,
      () => alice.messages('approvals'),
      (message) => textOf(message).includes('Break-glass'),
    );
    const direct = await seen(
      workspace,
      () => alice.dm(),
      (message) => textOf(message).includes('Break-glass'),
    );
    await accessOf(workspace);
    await workspace.until(() => textOf(alarm).includes('Active') && textOf(direct).includes('Active'), 20_000);
    for (const message of [alarm, direct]) expect(buttonsOf(message)).toEqual(['review_glass', 'revoke']);
    expect(textOf(alarm)).toContain('30 minutes');
    // Nothing waits for a decision.
    expect(alice.messages('approvals').filter((message) => buttonsOf(message).includes('approve'))).toEqual([]);

    await bob.command('/access request pg role readwrite --break-glass --reason "and that one"');
    await told(workspace, bob, 'was not reviewed yet');
    await bob.press(alarm, 'review_glass');
    const own = await windowWith(workspace, bob, 'What did you find?');
    await bob.submit(own, { note: 'all fine' });
    await windowWith(workspace, bob, 'You cannot decide a request that gives access to you');

    await curfew.pool.query(`update break_glass set used_at = used_at - interval '61 minutes'`);
    await curfew.pool.query(`update requests set notify_at = now()`);
    const reminder = await seen(
      workspace,
      () => alice.messages('approvals'),
      (message) => textOf(message).includes('Still to be reviewed'),
    );
    expect(reminder.threadTs).toBe(alarm.ts);
    await alice.press(reminder, 'review_glass');
    const reviewing = await windowWith(workspace, alice, 'What did you find?');
    expect(JSON.stringify(reviewing.source)).toContain('orders are stuck');
    await alice.submit(reviewing, { note: 'Needed: <!channel> *the queue was stuck*' });
    await workspace.until(() => [alarm, direct, reminder].every((message) => !buttonsOf(message).includes('review_glass')), 20_000);
    for (const message of [alarm, direct, reminder]) expect(textOf(message)).toContain('the queue was stuck');
    await seen(
      workspace,
      () => bob.dm(),
      (message) => textOf(message).includes('What they found: Needed'),
    );
    // What somebody typed calls nobody.
    expectNobodyCalled([...alice.messages('approvals'), ...bob.dm()]);
    // Whose screen is behind is told so.
    await expectAgreement(product);
    await bob.command('/access request pg role readwrite --break-glass --reason "and that one"');
    await workspace.until(() => alice.messages('approvals').some((message) => textOf(message).includes('and that one')), 20_000);
    // On the home tab of an owner, too, and gone from there once it is reviewed.
    await alice.openHome();
    const home = await workspace.until(() => {
      const tab = alice.home();
      return tab !== undefined && JSON.stringify(tab.source).includes('Break-glass to review: 1') ? tab : undefined;
    });
    await alice.press(home, 'review_glass');
    await alice.submit(await windowWith(workspace, alice, 'What did you find?'), { note: 'That one too.' });
    await windowWith(workspace, alice, 'Reviewed');
    await workspace.until(() => !JSON.stringify(alice.home()?.source).includes('Break-glass to review'), 20_000);
    await expectAgreement(product);
    expectNoComplaints(product);
  },
  120_000,
);

it('is taken instead of waiting, by the button at one’s own request', async () => {
  await using product = await startCurfew({ transport: 'http' });
  const { workspace } = product;
  const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
  await open(product);
  await bob.command('/access request pg role readonly --reason "orders are stuck"');
  const waiting = await seen(
    workspace,
    () => bob.dm(),
    (message) => buttonsOf(message).includes(actionIds.takeAtOnce),
  );
  const asked = await seen(
    workspace,
    () => alice.messages('approvals'),
    (message) => buttonsOf(message).includes('approve'),
  );
  expect(buttonsOf(asked)).not.toContain(actionIds.takeAtOnce);
  await bob.press(waiting, actionIds.takeAtOnce);
  await accessOf(workspace);
  await workspace.until(() => !buttonsOf(asked).includes('approve') && textOf(asked).includes('Taken at once by'), 20_000);
  const alarm = await seen(
    workspace,
    () => alice.messages('approvals'),
    (message) => textOf(message).includes('Break-glass'),
  );
  expect(buttonsOf(alarm)).toContain('review_glass');
  await workspace.until(() => textOf(waiting).includes('Owes a review') && !buttonsOf(waiting).includes(actionIds.takeAtOnce), 20_000);
  // What waits next has no such button, for as long as the review is owed.
  await bob.command('/access request pg role readwrite --reason "and that one"');
  const next = await seen(
    workspace,
    () => bob.dm(),
    (message) => buttonsOf(message).includes('cancel') && textOf(message).includes('readwrite'),
  );
  expect(buttonsOf(next)).not.toContain(actionIds.takeAtOnce);
  await expectAgreement(product);
  expectNoComplaints(product);
}, 120_000);

it.each(['socket', 'http'] as const)(
  'is taken in the form, which says so before, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const bob = workspace.as('bob');
    await open(product);
    await bob.command('/access request pg role');
    const view = await windowWith(workspace, bob, 'For how long?');
    const hasBox = () => elementsOf(view.blocks).some(({ element }) => element.action_id === actionIds.breakGlass);
    expect(hasBox()).toBe(false);
    await bob.choose(view, actionIds.formResource, 'readonly');
    await windowWith(workspace, bob, 'To be decided by');
    expect(hasBox()).toBe(true);
    await bob.choose(view, actionIds.formDuration, '3600');
    await bob.choose(view, actionIds.breakGlass, 'now');
    await windowWith(workspace, bob, ' for 30 minutes, without an approver');
    // Nobody takes it for somebody else.
    await bob.choose(view, actionIds.formForOther, 'other');
    await workspace.until(() => elementsOf(view.blocks).some(({ element }) => element.action_id === actionIds.formTo));
    const carol = { [actionIds.formTo]: 'U0CAROL01', [blockIds.reason]: 'for carol' };
    expect((await bob.submit(view, carol)).errors).toEqual({ [actionIds.formForOther]: expect.stringContaining('for somebody else') });
    await bob.choose(view, actionIds.formForOther, null);
    await windowWith(workspace, bob, ' for 30 minutes, without an approver');
    expect((await bob.submit(view, { [blockIds.reason]: '' })).errors).toHaveProperty(blockIds.reason);
    await bob.submit(view, { [blockIds.reason]: 'orders are stuck' });
    await windowWith(workspace, bob, 'Taken at once: ');
    await accessOf(workspace);

    await bob.command('/access request pg role --break-glass --reason "and that one"');
    const again = await windowWith(workspace, bob, 'For how long?');
    await bob.choose(again, actionIds.formResource, 'readwrite');
    await windowWith(workspace, bob, 'was not reviewed yet');
    expect((await bob.submit(again)).errors).toEqual({ [actionIds.breakGlass]: expect.stringContaining('was not reviewed yet') });
    await expectAgreement(product);
    expectNoComplaints(product);
  },
  120_000,
);
