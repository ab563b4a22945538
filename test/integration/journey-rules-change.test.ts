import { expect, it } from 'vitest';
import { callerOf, expectTruth } from '../support/agreement.ts';
import { accessOf, approvalOf, expectNoComplaints, seen, textOf, told } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

it.each(['socket', 'http'] as const)(
  'draws what waits anew when policies change, so that it can be decided by them, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    const [alice, carol] = [workspace.as('alice'), workspace.as('carol')];
    await workspace.as('bob').command('/access request pg role readonly --reason "as it was" --duration 1h');
    const approval = await approvalOf(workspace, 'as it was');
    const owner = await callerOf(product, 'alice', 'U0ALICE01');
    const two = { name: 'two', requestor: { type: 'any' }, resource: { type: 'any' } } as const;
    const created = await curfew.useCases.policies.create(owner, 'two', {
      ...two,
      approval: [{ type: 'p0', options: { requiredApprovals: 2 } }],
    });
    expect(created.ok).toBe(true);
    // The button is of another time: it does nothing, and the message does not stay as it is.
    await carol.press(approval, 'approve');
    await told(workspace, carol, 'Something changed');
    await seen(
      workspace,
      () => [approval],
      (message) => textOf(message).includes('2 different people'),
    );
    await carol.press(approval, 'approve');
    await seen(
      workspace,
      () => [approval],
      (message) => textOf(message).includes('agreed to'),
    );
    await alice.press(approval, 'approve');
    await accessOf(workspace, 'bob');
    await expectTruth(product);
    expectNoComplaints(product);
  },
  60_000,
);
