import { expect, it } from 'vitest';
import { actionIds } from '../../blocks/wire.ts';
import { callerOf, expectAgreement, expectTruth } from '../support/agreement.ts';
import { accessOf, approvalOf, buttonsOf, expectNoComplaints, seen, textOf, told, windowWith } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

async function wantTwo(product: RunningCurfew): Promise<void> {
  const created = await product.curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'two', {
    name: 'two',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'p0', options: { requiredApprovals: 2 } }],
  });
  expect(created.ok).toBe(true);
}

it.each(['socket', 'http'] as const)(
  'wants two people in Slack, shows how far it is, and gives the shorter time, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    await wantTwo(product);
    await workspace.as('carol').openHome();
    const waiting = (holds: boolean) =>
      workspace.until(
        () => JSON.stringify(workspace.as('carol').home()?.source ?? '').includes('Nothing waits for your decision') !== holds,
        20_000,
      );
    await workspace.as('bob').command('/access request pg role readonly --reason "two of them" --duration 1h');
    const approval = await approvalOf(workspace, 'two of them');
    const mine = await seen(
      workspace,
      () => workspace.as('bob').dm(),
      (message) => buttonsOf(message).includes('cancel'),
    );
    await waiting(true);
    await workspace.as('carol').press(approval, 'approve');
    const channel = () => [approval];
    await seen(workspace, channel, (message) => textOf(message).includes('agreed to'));
    await seen(
      workspace,
      () => [mine],
      (message) => textOf(message).includes('carol@example.com'),
    );
    expect(buttonsOf(approval)).toContain('approve');
    await told(workspace, workspace.as('carol'), 'You have agreed');
    await waiting(false);
    // The same person again is one person, and nothing is given.
    await workspace.as('carol').press(approval, 'approve');
    await workspace.until(
      () =>
        workspace
          .as('carol')
          .ephemerals()
          .filter((each) => textOf(each).includes('You have agreed')).length === 2,
    );
    await expectAgreement(product);
    expect((await curfew.pool.query(`select state from requests`)).rows).toEqual([{ state: 'pending' }]);

    await workspace.as('alice').press(approval, 'approve');
    await accessOf(workspace, 'bob');
    await expectTruth(product);
    expect(buttonsOf(approval)).toEqual(['revoke']);
    expectNoComplaints(product);
  },
  120_000,
);

it.each(['socket', 'http'] as const)(
  'says in Slack at once that too few could agree, and asks nobody, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    await wantTwo(product);
    // Alice and Carol are the reviewers, and nobody decides about themselves.
    const carol = workspace.as('carol');
    await carol.command('/access request pg role readonly --reason "all alone" --duration 1h');
    await told(workspace, carol, 'could approve this request');
    expect((await curfew.pool.query('select state from requests')).rows).toEqual([]);
    expect(workspace.as('alice').messages('approvals')).toEqual([]);
    await carol.command('/access');
    const form = await windowWith(workspace, carol, 'Which one?');
    await carol.choose(form, actionIds.formResource, 'readonly');
    await windowWith(workspace, carol, 'could approve this request');
    expectNoComplaints(product);
  },
  120_000,
);
