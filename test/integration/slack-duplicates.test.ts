import { describe, expect, it } from 'vitest';
import { expectAgreement, expectTruth } from '../support/agreement.ts';
import { posted } from '../support/posted.ts';
import { accessOf, approvalOf, buttonsOf, decisions } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

// Slack delivers some things twice, sometimes with the same envelope and sometimes with another.

describe.each(['socket', 'http'] as const)('over %s', (transport) => {
  it('does once what is delivered twice', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    /** Delivers whatever the step led to once more, right after it and when its effect is there. */
    const twice = async (step: () => Promise<void>, effect: () => Promise<unknown>): Promise<void> => {
      const before = workspace.sent.length;
      await step();
      const delivered = workspace.sent.slice(before);
      expect(delivered.length).toBeGreaterThan(0);
      for (const delivery of delivered) await workspace.deliver(delivery);
      await effect();
      await expectAgreement(product);
      const then = await decisions(product);
      for (const delivery of delivered) await workspace.deliver(delivery);
      await expectTruth(product);
      expect(await decisions(product)).toBe(then);
    };
    const reason = 'asked once';
    await twice(
      () => workspace.as('bob').command(`/access request pg role readonly --reason "${reason}" --duration 10m`),
      () => approvalOf(workspace, reason),
    );
    const approval = await approvalOf(workspace, reason);
    await twice(
      () => workspace.as('carol').press(approval, 'approve'),
      () => accessOf(workspace, 'bob'),
    );
    const access = await accessOf(workspace, 'bob');
    await twice(
      () => workspace.as('bob').press(access, 'relinquish'),
      // The approval loses its buttons as soon as the access is to end; the person is told once it is gone.
      () => workspace.until(() => buttonsOf(approval).length === 0 && posted(product).some(({ posting }) => posting === 'ended'), 20_000),
    );
    expect(
      posted(product)
        .map(({ posting }) => posting)
        .toSorted(),
    ).toEqual(['access', 'approval', 'ended', 'request']);
    const { rows } = await curfew.pool.query<{ action: string; n: number }>(
      `select action, count(*)::int as n from audit where action in ('request.submitted', 'request.approved', 'grant.ended') group by action`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ n }) => n === 1)).toBe(true);
  }, 120_000);
});
