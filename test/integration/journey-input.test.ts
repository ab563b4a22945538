import { describe, expect, it } from 'vitest';
import { actionIds } from '../../blocks/wire.ts';
import type { Delivery, DeliveryTweaks } from '../../src/sandbox/slack/delivery.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { must } from '../support/http-app.ts';
import {
  approvalOf,
  buttonsOf,
  command,
  everyRow,
  expectNoComplaints,
  refusedDecisions,
  textOf,
  told,
  windowWith,
} from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

/** Every line that was sent is written down as sent, so nothing is about to change by itself. */
async function settled(product: RunningCurfew): Promise<Record<string, unknown[]>> {
  const waiting = async () =>
    (
      await product.curfew.pool.query(
        `select from outbox where sent_at is null union all select from requests where notice_lease_until is not null`,
      )
    ).rowCount;
  await expect.poll(waiting).toBe(0);
  return everyRow(product);
}

const refused: readonly [said: string, because: string][] = [
  ['/access frobnicate', 'frobnicate'],
  ['/access request pg role readonly --because x', '--because'],
  ['/access request pg role readonly --duration 5minutes', '\\"5minutes\\" is not a duration'],
  ['/access request pg role readonly --duration 0m', '\\"0m\\" is not a duration'],
  ['/access request pg role readonly --duration 400d', '400 days is over the maximum of 180 days'],
  ['/access request pg role superuser', 'There is no role \\"superuser\\"'],
  ['/access request mysql role readonly', 'There is no service \\"mysql\\"'],
  ['/access request pg role readonly --reason "look at', 'quot'],
  ['/access approve 01938a00-0000-7000-8000-000000000001', 'There is no such request'],
  [`/access request pg role readonly --reason "${'long '.repeat(400)}"`, 'at most'],
];

const resourceBlock = ({ blocks }: View): string =>
  must(elementsOf(blocks).find(({ element }) => element.action_id === actionIds.formResource)).block.block_id;

describe.each(['socket', 'http'] as const)('bad input by %s', (transport) => {
  it('answers a command that is wrong with what is wrong, and changes nothing', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const bob = workspace.as('bob');
    await bob.command('/access status');
    await told(workspace, bob, 'You have no requests.');
    const before = await settled(product);
    expect(before).toMatchObject({ people: expect.anything(), requests: [], grants: [], rights: [], outbox: [], audit: [] });
    expect(before).toMatchObject({ people: expect.anything(), requests: [], rights: [], audit: expect.anything() });
    for (const [said, because] of refused) {
      const heard = bob.ephemerals().length;
      await bob.command(said);
      await workspace.until(() => bob.ephemerals().length > heard, 10_000);
      expect(textOf(must(bob.ephemerals().at(-1)))).toContain(because);
    }
    expect(bob.ephemerals()).toHaveLength(refused.length + 1);
    expect(bob.views()).toEqual([]);
    expect(await settled(product)).toEqual(before);
    expectNoComplaints(product);
  });

  it('opens the form where something is missing, complains at its fields, and makes the request', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const bob = workspace.as('bob');
    await bob.command('/access');
    // One integration with one type of access: nothing to choose there.
    const empty = await windowWith(workspace, bob, 'Which one?');
    expect(JSON.stringify(empty.source)).not.toContain('initial_value');
    const before = await settled(product);
    expect((await bob.submit(empty)).errors).toEqual({ [resourceBlock(empty)]: 'Please complete this required field.' });
    await bob.close(empty);

    await bob.command('/access request pg --reason "look at orders" --duration 2h');
    const form = await windowWith(workspace, bob, 'look at orders');
    expect(textOf(form)).toContain('"initial_option":{"text":{"type":"plain_text","text":"2 hours","emoji":false},"value":"7200"}');
    await bob.choose(form, actionIds.formResource, 'readonly');
    await windowWith(workspace, bob, 'To be decided by');
    const long = await bob.submit(form, { reason: 'x'.repeat(1001) });
    expect(long).toEqual({ errors: { reason: expect.stringContaining('1000') }, notice: null });
    expect(await settled(product)).toEqual(before);
    expect(await bob.submit(form, { reason: 'look at orders' })).toEqual({ errors: {}, notice: null });
    await windowWith(workspace, bob, 'Request made');
    const approval = await approvalOf(workspace, 'look at orders');
    expect(textOf(approval)).toContain('2 hours');
    expectNoComplaints(product);
  });
});

it('refuses what is forged, stale, of the future or sent again with 401, and changes nothing', async () => {
  await using product = await startCurfew({ transport: 'http' });
  const { workspace } = product;
  await workspace.as('bob').command(command);
  const approval = await approvalOf(workspace, 'look at orders');
  await workspace.as('dave').press(approval, 'approve');
  await told(workspace, workspace.as('dave'), 'You may not decide this request.');
  const before = await settled(product);

  const nowSeconds = Math.floor(Date.now() / 1000);
  const pressed = must(workspace.sent.findLast(({ type }) => type === 'interactive'));
  // Alice's press, made up by somebody who knows everything but the signing secret.
  const asAlice: Delivery = {
    ...pressed,
    payload: { ...pressed.payload, trigger_id: 'made.up.1', user: { id: workspace.as('alice').id, team_id: 'T0LOCAL01' } },
  };
  const forgeries: Record<string, DeliveryTweaks> = {
    forged: { signingSecret: 'not-the-signing-secret' },
    changed: { tamperedBody: `payload=${encodeURIComponent(JSON.stringify(asAlice.payload))}&x=1` },
    stale: { timestampSeconds: nowSeconds - 301 },
    future: { timestampSeconds: nowSeconds + 120 },
  };
  for (const [how, tweaks] of Object.entries(forgeries))
    expect(await workspace.deliver(asAlice, tweaks), how).toMatchObject({ kind: 'failed', status: 401 });

  // The same bytes under the same signature: the first is taken (and refused by what it says), the second is not even read.
  const fresh: Delivery = { ...pressed, payload: { ...pressed.payload, trigger_id: 'made.up.2' } };
  const tweaks = { timestampSeconds: nowSeconds - 5 };
  const heard = workspace.as('dave').ephemerals().length;
  expect(await workspace.deliver(fresh, tweaks)).toMatchObject({ kind: 'acked' });
  await workspace.until(() => workspace.as('dave').ephemerals().length > heard, 10_000);
  const refused = await refusedDecisions(product);
  expect(await workspace.deliver(fresh, tweaks)).toMatchObject({ kind: 'failed', status: 401 });
  expect(await settled(product)).toEqual(before);
  // Dave's own attempt and the one that was taken are on record; the one that was not read is not.
  expect(refused).toBe(2);
  expect(await refusedDecisions(product)).toBe(refused);
  expect(buttonsOf(approval)).toEqual(['approve', 'deny', 'ask_more']);
  expect(product.logged.filter(({ level }) => level === 'error')).toEqual([]);
});
