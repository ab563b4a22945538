import { expect, it } from 'vitest';
import { must } from '../support/http-app.ts';
import {
  accessOf,
  approvalOf,
  buttonsOf,
  expectNoComplaints,
  logIn,
  loginProblem,
  refusals,
  seen,
  showPassword,
  textOf,
} from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

/** How long after its end access may still be there on a busy machine. */
const atMostMs = 5_000;
/** What a call over the network may take on top, and how often this looks. */
const everyMs = 50;

// The one journey that waits for real: until access that was given for a few seconds is over.
it.each(['socket', 'http'] as const)(
  'cuts the session and refuses new ones when the time is over, and says so, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    await bob.command('/access request pg role readonly --reason "a short look" --duration 5s');
    const approval = await approvalOf(workspace, 'a short look');
    await alice.press(approval, 'approve');

    const connection = await showPassword(workspace, await accessOf(workspace));
    const session = await logIn(connection);
    expect(session.orders).toBe(48);
    const { rows } = await product.curfew.pool.query<{ id: string }>('select id from requests');
    const id = must(rows[0]).id;
    const active = await product.api('GET', `/o/demo/permission-requests/${id}`);
    expect(active.body).toMatchObject({ status: 'DONE', access: { expiresAt: expect.any(String) } });
    const { expiresAt } = active.body['access'] as { expiresAt: string };
    const end = Date.parse(expiresAt);

    const cutAt = await session.cut;
    await expect
      .poll(() => loginProblem(connection), { timeout: atMostMs * 2, interval: everyMs })
      .toSatisfy((code) => refusals.includes(code));
    const refusedAt = Date.now();
    expect(cutAt).toBeGreaterThanOrEqual(end - 1_000);
    expect(cutAt - end).toBeLessThan(atMostMs);
    expect(refusedAt - end).toBeLessThan(atMostMs);

    const ended = await seen(
      workspace,
      () => bob.dm(),
      (message) => textOf(message).includes('has ended'),
    );
    expect(textOf(ended)).toContain('its time was over');
    expect(textOf(ended)).toContain('1 open session was closed');
    await workspace.until(
      () => [...alice.messages('approvals'), ...bob.dm()].flatMap(buttonsOf).every((each) => each === 'receipt'),
      10_000,
    );
    const over = await product.api('GET', `/o/demo/permission-requests/${id}`);
    expect(over.body).toMatchObject({ status: 'EXPIRED', access: { ended: 'expired' } });
    expectNoComplaints(product);
  },
);
