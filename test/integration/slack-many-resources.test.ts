import { expect, it } from 'vitest';
import { actionIds } from '../../blocks/wire.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { fakeTarget } from '../support/fake-target.ts';
import { must } from '../support/http-app.ts';
import { startSlackApp } from '../support/slack-app.ts';
import { createWorld, org } from '../support/world.ts';

/** How long it takes with ten times as many of both is for `npm run bench options`: a test that keeps time fails on a busy machine. */
const resources = 500;
const rules = 100;
const tables = Array.from({ length: resources }, (_, index) => {
  const resource = `t${String(index).padStart(5, '0')}`;
  return { accessType: 'table', resource, label: `measurements ${resource}` };
});

const platform = { type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' } as const;
const team = (index: number) =>
  ({ type: 'group', groups: [{ directory: 'local', id: `team${index}`, label: `Team ${index}` }], effect: 'keep' }) as const;
const named = (pattern: string): Policy['resource'] => ({
  type: 'integration',
  service: 'lake',
  filters: { table: { effect: 'keep', key: 'name', pattern } },
});
/** What a large company has: people, teams and patterns, with a literal in them and without. None of it is for Bob. */
const kinds: readonly ((index: number) => Pick<Policy, 'requestor' | 'resource'>)[] = [
  (index) => ({ requestor: { type: 'user', uid: `p${index}@example.com` }, resource: { type: 'integration', service: 'lake' } }),
  (index) => ({ requestor: team(index), resource: named(`^t00${index % 50}`) }),
  (index) => ({ requestor: team(index), resource: named(`[${index % 5}-9]$`) }),
  (index) => ({ requestor: platform, resource: named(`(1|2|3)${index % 10}$`) }),
  () => ({ requestor: { type: 'any' }, resource: { type: 'integration', service: 'pg' } }),
];
const policies = Array.from(
  { length: rules },
  (_, index): Policy => ({
    name: `rule ${index}`,
    ...must(kinds[index % kinds.length])(index),
    approval: [{ type: 'p0' }],
  }),
);
const open: Policy = {
  name: 'open',
  requestor: { type: 'any' },
  resource: { type: 'integration', service: 'lake' },
  approval: [{ type: 'p0' }],
};

it.each(['socket', 'http'] as const)(
  'offers none of hundreds of resources where no policy of many lets them be asked for, over %s',
  async (mode) => {
    await using world = await createWorld({ besides: [{ ...fakeTarget('warehouse', 'lake'), catalog: () => tables }] });
    const change = (changed: readonly Policy[]) =>
      world.store.transaction(async (tx) => {
        await tx.policyBook.lock(org);
        await tx.policyBook.change(
          { kind: 'system' },
          org,
          changed.map((policy) => ({ name: policy.name, policy })),
          false,
        );
      });
    await change([...policies, open]);
    await using running = await startSlackApp(mode, world.useCases);
    const { workspace } = running.slack;
    const bob = workspace.as('bob');
    const form = (words: string) => workspace.until(() => bob.views().find((view) => JSON.stringify(view.source).includes(words)), 10_000);
    await bob.command('/access');
    const view = await form('Where?');
    await bob.choose(view, actionIds.formIntegration, 'warehouse');
    await form('Which one?');
    expect(await bob.options(view, actionIds.formResource, 't00499')).toMatchObject({ options: [{ value: 't00499' }] });

    // The window stays open, and nothing in it may be asked for any more.
    await change([{ ...open, disabled: true }]);
    for (const query of ['', 'measurements', 't00499'])
      expect(await bob.options(view, actionIds.formResource, query)).toMatchObject({ options: [] });
    // An answer, and no list that is empty because it came too late.
    expect(running.logged.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(workspace.warnings).toEqual([]);
  },
  60_000,
);
