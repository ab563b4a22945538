import { describe, expect, it } from 'vitest';
import { callerOf, expectAgreement } from '../support/agreement.ts';
import { posted } from '../support/posted.ts';
import { accessOf, buttonsOf, expectNoComplaints, seen, textOf } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

describe.each(['socket', 'http'] as const)('over %s', (transport) => {
  it("asks in the policy's own channel and by direct message, and every copy ends up the same", async () => {
    const prod = { id: 'C0PROD001', name: 'prod-approvals', members: ['U0CURFEW1', 'U0CAROL01', 'U0DAVE001'], isPrivate: true };
    await using product = await startCurfew({ transport, channels: { Platform: '#prod-approvals' }, slack: { channels: [prod] } });
    const { workspace, curfew } = product;
    const created = await curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'Platform', {
      name: 'Platform',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [{ type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' }],
    });
    expect(created.ok).toBe(true);

    // Dave is in the group, and asks: he is not asked.
    await workspace.as('dave').command('/access request pg role readonly --reason "for a look" --duration 10m');
    const copy = await seen(
      workspace,
      () => workspace.as('carol').dm(),
      (message) => textOf(message).includes('for a look') && buttonsOf(message).includes('approve'),
    );
    await expectAgreement(product);
    const copies = () => posted(product).filter(({ posting }) => posting.startsWith('approval'));
    expect(copies().map(({ posting, message }) => [posting, message.channel])).toEqual([
      ['approval#prod-approvals', 'C0PROD001'],
      ['approval@carol@example.com', copy.channel],
    ]);

    await workspace.as('carol').press(copy, 'approve');
    await accessOf(workspace, 'dave');
    await expectAgreement(product);
    for (const { message } of copies()) expect(buttonsOf(message)).toEqual(['revoke']);
    const [original, direct] = copies().map(({ message }) => message);
    // Blocks without an id get one that is their own. A copy says where the message in the channel is, and else the same.
    const shown = (blocks: unknown) => JSON.stringify(blocks).replaceAll(/"block_id":"[^"]*"/g, '');
    const link = direct?.blocks.filter((block) => JSON.stringify(block).includes('Open in the channel'));
    expect(JSON.stringify(link)).toContain(`#C0PROD001/${original?.ts}`);
    expect(shown(direct?.blocks.filter((block) => link?.includes(block) === false))).toBe(shown(original?.blocks));
    expect(workspace.as('alice').messages('approvals')).toEqual([]);
    expectNoComplaints(product);
  }, 120_000);
});

it("asks in the usual channel where the policy's own cannot be used", async () => {
  await using product = await startCurfew({ transport: 'socket', channels: { Platform: '#misspelt' } });
  const { workspace, curfew } = product;
  await curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'Platform', {
    name: 'Platform',
    requestor: { type: 'any' },
    resource: { type: 'any' },
    approval: [{ type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' }],
  });
  await workspace.as('bob').command('/access request pg role readonly --reason "for a look" --duration 10m');
  const copy = await seen(
    workspace,
    () => workspace.as('alice').messages('approvals'),
    (message) => textOf(message).includes('for a look') && buttonsOf(message).includes('approve'),
  );
  const said = product.logged.find(({ message }) => message.includes('own channel cannot be used'));
  expect(said).toMatchObject({ level: 'error', fields: { policies: ['Platform'], channel: 'misspelt' } });
  await workspace.as('carol').press(copy, 'approve');
  await accessOf(workspace, 'bob');
  const errors = product.logged.filter(({ level }) => level === 'error');
  expect(new Set(errors.map(({ message }) => message))).toEqual(
    // And at the start, for whoever reads the log then.
    new Set([said?.message, 'a channel for approvals cannot be used']),
  );
}, 120_000);
