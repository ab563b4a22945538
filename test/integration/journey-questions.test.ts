import { expect, it } from 'vitest';
import { approvalOf, buttonsOf, command, expectNobodyCalled, expectNoComplaints, seen, textOf, windowWith } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

it.each(['socket', 'http'] as const)('asks for more, is answered, and decides then, over %s', async (transport) => {
  await using product = await startCurfew({ transport });
  const { workspace } = product;
  const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
  await bob.command(command);
  const approval = await approvalOf(workspace, 'look at orders');

  await alice.press(approval, 'ask_more');
  const asking = await windowWith(workspace, alice, 'What do you need to know?');
  await alice.submit(asking, { question: 'Which ticket? <!channel> *now*' });
  const inquiry = await seen(
    workspace,
    () => bob.dm(),
    (message) => textOf(message).includes('Which ticket?') && buttonsOf(message).includes('answer'),
  );
  const question = await seen(
    workspace,
    () => alice.messages('approvals'),
    (message) => textOf(message).includes('No answer yet.'),
  );
  // It stands below the approval only: the channel has nothing to do for it.
  expect(question).toMatchObject({ threadTs: approval.ts, isBroadcast: false });

  await bob.press(inquiry, 'answer');
  const answering = await windowWith(workspace, bob, 'Your answer');
  expect(JSON.stringify(answering.source)).toContain('Which ticket?');
  await bob.submit(answering, { answer: 'OPS-7' });
  await workspace.until(() => textOf(question).includes('OPS-7') && !buttonsOf(inquiry).includes('answer'), 20_000);

  await alice.press(approval, 'approve');
  await workspace.until(() => !buttonsOf(approval).includes('approve'), 20_000);
  // Nobody was called by what somebody typed.
  expect(textOf(question)).toContain('<!channel>');
  expectNobodyCalled([...alice.messages('approvals'), ...bob.dm()]);
  expectNoComplaints(product);
});
