import { describe, expect, it } from 'vitest';
import {
  accessOf,
  approvalOf,
  buttonsOf,
  command,
  expectNoComplaints,
  logIn,
  loginProblem,
  refusals,
  seen,
  showPassword,
  textOf,
  told,
  windowWith,
} from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

describe.each(['socket', 'http'] as const)('by %s', (transport) => {
  it('takes one decision of two approvers who press at once, and tells the other by whom', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    await workspace.as('bob').command(command);
    const approval = await approvalOf(workspace, 'look at orders');
    const approvers = ['alice', 'carol'] as const;
    await Promise.all(approvers.map((name) => workspace.as(name).press(approval, 'approve')));
    await accessOf(workspace);

    const { rows } = await curfew.pool.query<{ email: string }>('select email from requests join people on people.id = decided_by');
    expect(rows).toHaveLength(1);
    const first = approvers.find((name) => rows[0]?.email === `${name}@example.com`);
    const second = approvers.find((name) => name !== first);
    await told(workspace, workspace.as(second ?? 'nobody'), `${first}@example.com was faster`);
    expect(workspace.as(first ?? 'nobody').ephemerals()).toEqual([]);
    expect((await curfew.pool.query('select from grants')).rowCount).toBe(1);
    expect((await curfew.pool.query(`select from audit where action = 'request.approved'`)).rowCount).toBe(1);
    expect(textOf(approval)).toContain(`${first}@example.com`);
    expect(buttonsOf(approval)).toEqual(['revoke']);
    expectNoComplaints(product);
  });

  it('shows on the home tab what waits, what was asked and what there is, and takes the decision there', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    const home = (who: typeof bob, holds: (text: string) => boolean) =>
      workspace.until(() => {
        const view = who.home();
        return view !== undefined && holds(JSON.stringify(view.source)) ? view : undefined;
      }, 10_000);

    await alice.openHome();
    await home(alice, (text) => text.includes('Nothing waits for your decision'));
    await bob.command(command);
    const approval = await approvalOf(workspace, 'look at orders');
    await bob.openHome();
    const asking = await home(bob, (text) => text.includes('readonly'));
    expect(buttonsOf(asking)).toEqual(['open_form', 'cancel', 'home_again']);
    expect(textOf(asking)).toContain('Nothing waits for your decision');

    await alice.openHome();
    const waiting = await home(alice, (text) => text.includes('bob@example.com'));
    expect(buttonsOf(waiting)).toEqual(['open_form', 'open_settings', 'open_policies', 'open_panic', 'review']);
    await alice.press(waiting, 'review');
    const review = await windowWith(workspace, alice, 'Approve for');
    expect(textOf(review)).toContain('look at orders');
    expect(await alice.submit(review, { asked_duration: '3600' })).toEqual({ errors: {}, notice: null });
    await alice.close(await windowWith(workspace, alice, 'Approved'));
    await home(alice, (text) => text.includes('Nothing waits for your decision'));

    const connection = await showPassword(workspace, await accessOf(workspace));
    await workspace.until(() => textOf(approval).includes('1 hour') && textOf(approval).includes('Active'), 10_000);
    const session = await logIn(connection);
    await bob.openHome();
    const having = await home(bob, (text) => text.includes('Active'));
    expect(buttonsOf(having)).toEqual(['open_form', 'extend', 'relinquish', 'home_again']);
    await bob.press(having, 'home_again');
    const again = await windowWith(workspace, bob, 'Approvers read this');
    expect(textOf(again)).toContain('readonly');
    await bob.close(again);
    await bob.press(having, 'relinquish');
    await session.cut;
    await expect.poll(() => loginProblem(connection), { timeout: 10_000 }).toSatisfy((code) => refusals.includes(code));
    await seen(
      workspace,
      () => bob.dm(),
      (message) => textOf(message).includes('given back by'),
    );
    expectNoComplaints(product);
  });

  it('denies, tells the requestor and leaves nothing to press', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    await workspace.as('bob').command(command);
    const approval = await approvalOf(workspace, 'look at orders');
    const carol = workspace.as('carol');
    await carol.press(approval, 'deny');
    const window = await windowWith(workspace, carol, 'Whoever asked reads it');
    await carol.submit(window, { reason: 'ask the owner first' });
    await seen(
      workspace,
      () => workspace.as('bob').dm(),
      (message) => textOf(message).includes('No access to') && textOf(message).includes('ask the owner first'),
    );
    const left = () => [...workspace.as('alice').messages('approvals'), ...workspace.as('bob').dm()].flatMap(buttonsOf);
    await workspace.until(() => left().length === 0 && textOf(approval).includes('Denied'), 10_000);
    expectNoComplaints(product);
  });
});
