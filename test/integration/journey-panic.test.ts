import { expect, it } from 'vitest';
import type { View } from '../../src/sandbox/slack/state.ts';
import { accessOf, approvalOf, buttonsOf, command, expectNoComplaints, told, windowWith } from '../support/journey.ts';
import { must } from '../support/http-app.ts';
import { startCurfew } from '../support/running-curfew.ts';

const textOf = (view: View | undefined): string => JSON.stringify(view?.source ?? '');

it.each(['socket', 'http'] as const)(
  'is previewed, pressed, followed until the access is gone, and lifted, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    await bob.command(command.replace('1m', '1h'));
    await alice.press(await approvalOf(workspace, 'look at orders'), 'approve');
    await accessOf(workspace);

    // From the home tab, which has the button for those who may.
    for (const hands of [alice, bob]) {
      await hands.openHome();
      await workspace.until(() => textOf(hands.home()).includes('open_form'), 20_000);
    }
    expect(buttonsOf(must(bob.home()))).not.toContain('open_panic');
    await alice.press(must(alice.home()), 'open_panic');
    const form = await windowWith(workspace, alice, 'What is it about?');
    const filled = { panic_kind: 'person', panic_which: 'bob', panic_reason: 'laptop stolen <!channel>' };
    expect((await alice.submit(form, filled)).errors).toEqual({ panic_which: 'Write an e-mail address here.' });
    expect((await alice.submit(form, { ...filled, panic_which: 'bob@example.com' })).errors).toEqual({});
    const preview = await windowWith(workspace, alice, 'End 1 grant');
    expect(textOf(preview)).toContain('bob@example.com');
    expect(await count(product.curfew.pool, 'select from panics')).toBe(0);

    await alice.submit(preview);
    const progress = await windowWith(workspace, alice, 'seen gone');
    // Whoever had it is told when it was seen gone, and why.
    await workspace.until(() => bob.dm().find((message) => JSON.stringify(message.blocks).includes('laptop stolen')), 20_000);
    await alice.press(progress, 'panic_again');
    await workspace.until(() => textOf(progress).includes('1 of 1 grant seen gone'), 20_000);

    await bob.command('/access request pg role readonly --reason "again" --duration 1m');
    await told(workspace, bob, 'on hold');
    await alice.press(progress, 'lift_panic');
    await workspace.until(() => textOf(progress).includes('Lifted by') && !buttonsOf(progress).includes('lift_panic'), 20_000);
    await bob.command('/access request pg role readonly --reason "and again" --duration 1m');
    await approvalOf(workspace, 'and again');

    // Others are told in the window why not, and nothing happens.
    await bob.command('/access panic');
    await windowWith(workspace, bob, 'owner');
    expect(await count(product.curfew.pool, 'select from panics')).toBe(1);
    expectNoComplaints(product);
  },
  240_000,
);

const count = async (pool: { query(text: string): Promise<{ rowCount: number | null }> }, text: string) =>
  (await pool.query(text)).rowCount;
