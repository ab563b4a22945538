import { describe, expect, it } from 'vitest';
import type { View } from '../../src/sandbox/slack/state.ts';
import { must } from '../support/http-app.ts';
import { expectNoComplaints, textOf, windowWith } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

const policy = (name: string, more: object = {}) => ({
  name,
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type: 'p0' }],
  ...more,
});
const yaml = (name: string, more = '') =>
  `name: ${name}\nrequestor: { type: any }\nresource: { type: integration, service: pg }\napproval:\n  - type: p0\n${more}`;
const events = async ({ curfew }: RunningCurfew, action: string) =>
  (await curfew.pool.query<{ data: Record<string, unknown> }>('select data from audit where action = $1 order by id', [action])).rows;

async function openPolicies(product: RunningCurfew): Promise<View> {
  const alice = product.workspace.as('alice');
  await alice.openHome();
  await alice.press(await product.workspace.until(() => alice.home(), 10_000), 'open_policies');
  return windowWith(product.workspace, alice, 'Try a request');
}

describe.each(['socket', 'http'] as const)('by %s', (transport) => {
  it('lets an owner write, change, disable and delete policies', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const alice = workspace.as('alice');
    const list = await openPolicies(product);
    expect(textOf(list)).toContain('There are no policies');

    await alice.press(list, 'new_policy');
    const form = await windowWith(workspace, alice, 'Who may ask for what');
    const errors = async (text: string) => (await alice.submit(form, { policy_yaml: text })).errors['policy_yaml'];
    expect(await errors('name: [')).toContain('Not YAML');
    expect(await errors('name: x')).toContain('requestor');
    expect(await errors(yaml('x', 'disbled: true\n'))).toBe('disbled: there is no such member.');
    expect(
      await errors(yaml('x').replace('service: pg', 'service: pg, filters: { role: { effect: keep, key: name, pattern: "(" } }')),
    ).toContain('filters');
    await alice.submit(form, { policy_yaml: yaml('orders').replace('service: pg', 'service: mysql') });
    await workspace.until(() => textOf(form).includes('Press Save again'), 10_000);
    expect(await events(product, 'policy.created')).toEqual([]);
    await alice.submit(form, { policy_yaml: yaml('orders') });
    await workspace.until(() => textOf(form).includes('is saved'), 10_000);
    await workspace.until(() => textOf(list).includes('Enabled'), 10_000);
    await alice.close(form);
    expect(await events(product, 'policy.created')).toHaveLength(1);

    // Somebody else is faster: nothing is lost, and nothing overwritten unseen.
    await alice.press(list, 'edit_policy');
    const edit = await windowWith(workspace, alice, 'Policy ');
    expect((await product.api('PUT', '/o/demo/policy/name/orders', policy('orders'))).status).toBe(200);
    await alice.submit(edit, { policy_yaml: yaml('orders') });
    await workspace.until(() => textOf(edit).includes('Somebody changed this policy'), 10_000);
    expect(textOf(edit)).toContain('type: any');
    expect((await product.api('GET', '/o/demo/policy/name/orders')).body).toMatchObject({ resource: { type: 'any' } });
    expect((await alice.submit(edit, { policy_yaml: yaml('other') })).errors['policy_yaml']).toContain('name must stay');
    await alice.submit(edit, { policy_yaml: yaml('orders') });
    await workspace.until(() => textOf(edit).includes('is saved'), 10_000);
    await alice.close(edit);

    await alice.press(list, 'toggle_policy');
    await workspace.until(() => textOf(list).includes('Disabled'), 10_000);
    expect((await product.api('PUT', '/o/demo/policy/name/orders', policy('orders'))).status).toBe(200);
    await alice.press(list, 'delete_policy');
    await workspace.until(() => textOf(list).includes('Somebody changed this policy'), 10_000);
    await alice.press(list, 'delete_policy');
    await workspace.until(() => textOf(list).includes('There are no policies'), 10_000);
    expect((await product.api('GET', '/o/demo/policy/name/orders')).status).toBe(404);
    expectNoComplaints(product);
  });

  it('tries a request, turns the pages, and refuses who may not', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const alice = workspace.as('alice');
    const rules = Array.from({ length: 23 }, (_, index) => policy(`rule ${index + 1}.`));
    expect((await product.api('POST', '/o/demo/routing', { workflow: { rules }, currentVersion: '0' })).status).toBe(200);
    const list = await openPolicies(product);
    expect(textOf(list)).toContain('rule 10.');
    await alice.press(list, 'policies_next');
    await workspace.until(() => textOf(list).includes('rule 11.'), 10_000);
    await alice.press(list, 'policies_next');
    await workspace.until(() => textOf(list).includes('rule 23.') && !textOf(list).includes('policies_next'), 10_000);
    await alice.press(list, 'policies_previous');
    await workspace.until(() => textOf(list).includes('rule 11.'), 10_000);

    await alice.press(list, 'open_simulation');
    const form = await windowWith(workspace, alice, 'Who gets the access?');
    const who = { type: 'users_select', selected_user: workspace.as('bob').id };
    expect((await alice.submit(form, { try_who: who, try_right: 'pg role nothing' })).errors['try_right']).toContain('There is no role');
    await alice.submit(form, { try_who: who, try_right: 'pg role readonly --duration 1h' });
    await workspace.until(() => textOf(form).includes('Security reviewers') && textOf(form).includes('rule 1.'), 10_000);
    await alice.close(form);

    // Everything of it, sent by somebody who is no owner.
    const bob = workspace.as('bob');
    const press = must(
      workspace.sent.findLast((each) => JSON.stringify(each).includes('"action_id":"policies_previous"') && each.type === 'interactive'),
    );
    const as = (actionId: string, value: string): typeof press =>
      JSON.parse(
        JSON.stringify(press)
          .replaceAll(/"trigger_id":"[^"]*"/g, `"trigger_id":"1.2.${actionId}"`)
          .replaceAll(alice.id, bob.id)
          .replaceAll(
            /"actions":\[.*?\]/g,
            `"actions":[{"type":"button","action_id":"${actionId}","block_id":"b","value":"${value}","action_ts":"1.1"}]`,
          ),
      );
    await workspace.deliver(as('delete_policy', '1.rule 1.'));
    await expect
      .poll(async () => (await events(product, 'refused')).map(({ data }) => data['attempt']), { timeout: 10_000 })
      .toContain('policy.delete');
    await workspace.deliver(as('toggle_policy', '1.rule 1.'));
    await expect
      .poll(async () => (await events(product, 'refused')).map(({ data }) => data['attempt']), { timeout: 10_000 })
      .toContain('policy.read');
    expect((await product.api('GET', '/o/demo/policy/name/rule%201.')).body['disabled']).toBeUndefined();
    expect(workspace.warnings).toEqual([]);
  });
});
