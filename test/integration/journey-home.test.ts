import { expect, it } from 'vitest';
import type { View } from '../../src/sandbox/slack/state.ts';
import { approvalOf } from '../support/journey.ts';
import { must } from '../support/http-app.ts';
import { startCurfew } from '../support/running-curfew.ts';

const textOf = (view: View | undefined): string => JSON.stringify(view?.source ?? '');

it.each(['socket', 'http'] as const)(
  'keeps every home tab true, whoever changes something and wherever, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace, api } = product;
    const [alice, bob, carol, dave] = (['alice', 'bob', 'carol', 'dave'] as const).map((name) => workspace.as(name)).map(must);
    for (const hands of [alice, bob, carol, dave].map(must)) {
      await hands.openHome();
      await workspace.until(() => hands.home());
    }
    const tab = (hands: typeof alice, holds: (text: string) => boolean) => workspace.until(() => holds(textOf(must(hands).home())), 20_000);

    // Asked by command: the tabs of those who may decide, and of who asked.
    await must(bob).command('/access request pg role readonly --reason "for the tab" --duration 1m');
    await approvalOf(workspace, 'for the tab');
    await tab(carol, (text) => text.includes('bob@example.com'));
    await tab(alice, (text) => text.includes('bob@example.com'));
    await tab(bob, (text) => text.includes('"cancel"'));
    const before = textOf(must(dave).home());

    // Decided over HTTP, with a rate limit in between.
    workspace.faults.next('views.publish', { retryAfterSeconds: 2 });
    const { rows } = await product.curfew.pool.query<{ id: string }>('select id from requests');
    const where = `/o/demo/permission-requests/${must(rows[0]).id}`;
    expect((await api('POST', `${where}/approve`, { expirationLength: '1 minute' })).status).toBe(200);
    await tab(bob, (text) => text.includes('relinquish'));
    await tab(carol, (text) => text.includes('Nothing waits for your decision'));
    await tab(alice, (text) => text.includes('Nothing waits for your decision'));

    // And taken away there too.
    expect((await api('POST', `${where}/revoke`, {})).status).toBe(200);
    await tab(bob, (text) => text.includes('You have no access at the moment'));
    expect(textOf(must(dave).home())).toBe(before);
    const draws = workspace.calls.filter(({ method, args }) => method === 'views.publish' && args['user_id'] === must(dave).id);
    expect(draws).toHaveLength(1);
    expect(workspace.warnings).toEqual([]);
    expect(workspace.calls.filter(({ answer }) => answer['ok'] !== true)).toEqual([]);
    expect(product.logged.filter(({ level }) => level === 'error')).toEqual([]);
  },
  120_000,
);
