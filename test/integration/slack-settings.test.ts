import { describe, expect, it } from 'vitest';
import type { View } from '../../src/sandbox/slack/state.ts';
import { buttonsOf, expectNoComplaints, textOf, windowWith } from '../support/journey.ts';
import { must } from '../support/http-app.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

async function openWindow(product: RunningCurfew, who: string, button: string, words: string): Promise<View> {
  const hands = product.workspace.as(who);
  await hands.openHome();
  const home = await product.workspace.until(() => hands.home(), 10_000);
  await hands.press(home, button);
  return windowWith(product.workspace, hands, words);
}
const blockOf = (view: View, field: string): string => must(view.blocks.find(({ block_id: id }) => id.startsWith(`${field}:`))).block_id;
const events = async ({ curfew }: RunningCurfew, action: string) =>
  (await curfew.pool.query<{ data: Record<string, unknown> }>('select data from audit where action = $1 order by id', [action])).rows;

describe.each(['socket', 'http'] as const)('by %s', (transport) => {
  it('lets an owner change the settings from the home tab, and nobody else', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const alice = workspace.as('alice');
    const window = await openWindow(product, 'alice', 'open_settings', 'Longest access');

    // While typing: what is wrong, and that nothing happens to what is live.
    await alice.choose(window, 'typed_setting', 'for ever', blockOf(window, 'maxAccess'));
    await workspace.until(() => textOf(window).includes('is not a duration'), 10_000);
    await alice.choose(window, 'typed_setting', '8h', blockOf(window, 'maxAccess'));
    await workspace.until(() => textOf(window).includes('No live grant is shortened'), 10_000);
    expect((await alice.submit(window, { [blockOf(window, 'maxAccess')]: '8 lightyears' })).errors).toEqual({
      [blockOf(window, 'maxAccess')]: '"8 lightyears" is not a duration. Write it like 90m, 8h or 30 days.',
    });
    const saved = await alice.submit(window, { [blockOf(window, 'maxAccess')]: '8 hours', [blockOf(window, 'addOptions')]: '4h, 90m' });
    expect(saved.errors).toEqual({});
    await workspace.until(() => textOf(window).includes('Saved'), 10_000);
    expect(textOf(window)).toContain('90 minutes');
    expect((await events(product, 'settings.changed')).map(({ data }) => data['setting'])).toEqual(['expiryOptions', 'maxAccess']);

    // Somebody else was faster.
    expect((await product.api('PUT', '/o/demo/settings/max-access-duration', { time: 7, unit: 'h' })).status).toBe(200);
    await alice.submit(window, { [blockOf(window, 'maxAccess')]: '9h' });
    await workspace.until(() => textOf(window).includes('Somebody changed the settings'), 10_000);
    expect(textOf(window)).toContain('Stored now: 7 hours');
    expect(JSON.stringify(window.source)).toContain('"initial_value":"9h"');
    expect((await product.api('GET', '/o/demo/settings')).body).toMatchObject({ maxAccessDuration: { time: 7, unit: 'h' } });
    // The next Save is of what stands there.
    await alice.submit(window);
    await workspace.until(() => textOf(window).includes('Saved'), 10_000);
    expect((await product.api('GET', '/o/demo/settings')).body).toMatchObject({ maxAccessDuration: { time: 9, unit: 'h' } });
    // And while somebody types.
    expect((await product.api('PUT', '/o/demo/settings/max-access-duration', { time: 7, unit: 'h' })).status).toBe(200);
    await alice.choose(window, 'typed_setting', '90 days', blockOf(window, 'standingAccess'));
    await workspace.until(() => textOf(window).includes('Stored now: 7 hours'), 10_000);
    expect(JSON.stringify(window.source)).toContain('"initial_value":"90 days"');
    await alice.press(window, 'reset_presets');
    await workspace.until(() => textOf(window).includes('Saved') && !textOf(window).includes('90 minutes'), 10_000);
    await alice.close(window);

    // Bob has no such button; what he sends as if he had one is refused, and on record.
    const bob = workspace.as('bob');
    await bob.openHome();
    expect(buttonsOf(await workspace.until(() => bob.home(), 10_000))).not.toContain('open_settings');
    const sent = must(workspace.sent.findLast((each) => JSON.stringify(each).includes('"type":"view_submission"')));
    const forged: typeof sent = JSON.parse(
      JSON.stringify(sent)
        .replaceAll(alice.id, bob.id)
        .replaceAll(/"trigger_id":"[^"]*"/g, '"trigger_id":"1.2.forged"'),
    );
    expect(JSON.stringify(await workspace.deliver(forged))).toContain('Only security reviewers and owners');
    const refused = (await events(product, 'refused')).map(({ data }) => data);
    expect(refused).toEqual([expect.objectContaining({ attempt: 'settings.read', code: 'role-required' })]);
    expect((await product.api('GET', '/o/demo/settings')).body).toMatchObject({ maxAccessDuration: { time: 7, unit: 'h' } });
    expect(workspace.warnings).toEqual([]);
  });

  it('says what lowering the maximum does to live grants, and does it when that was agreed to', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    const alice = workspace.as('alice');
    const policy = { name: 'all', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'persistent' }] };
    expect((await product.api('POST', '/o/demo/policy/name/all', policy)).status).toBe(201);
    await workspace.as('bob').command('/access request pg role readonly --duration 1h');
    await expect
      .poll(async () => (await curfew.pool.query(`select from grants where state = 'active'`)).rowCount, { timeout: 20_000 })
      .toBe(1);
    const window = await openWindow(product, 'alice', 'open_settings', 'Longest access');
    const field = blockOf(window, 'standingAccess');
    await alice.submit(window, { [field]: '2h' });
    await workspace.until(() => textOf(window).includes('1 live grant') && textOf(window).includes('Press Save again'), 10_000);
    expect(await events(product, 'grant.shortened')).toEqual([]);
    await alice.submit(window, { [field]: '2h' });
    await workspace.until(() => textOf(window).includes('Saved'), 10_000);
    expect(await events(product, 'grant.shortened')).toHaveLength(1);
    expectNoComplaints(product);
  });
});
