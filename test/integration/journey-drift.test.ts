import { expect, it } from 'vitest';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { must } from '../support/http-app.ts';
import { accessOf, approvalOf, command, seen, textOf } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

it('what was changed at the target by hand is told in Slack, and so is that it was put right', async () => {
  await using product = await startCurfew({ transport: 'http' });
  const { workspace, curfew, sampleUrl } = product;
  const login = product.account('bob');
  const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
  await bob.command(command.replace('1m', '1h'));
  await alice.press(await approvalOf(workspace, 'look at orders'), 'approve');
  await accessOf(workspace);
  await alice.openHome();
  await workspace.until(() => alice.home(), 10_000);

  const byHand = (statement: string) =>
    withClient(sampleUrl, (client) => client.query(statement.replace('bob', client.escapeIdentifier(login))));
  // Not at all that carries our mark: other tests have logins on the same server.
  const look = () => curfew.pool.query(`update target_rounds set due_at = now() where kind = 'rights'`);
  await byHand('revoke readonly from bob');
  await look();
  const words = 'Changed by somebody else';
  const messages = [
    await seen(
      workspace,
      () => alice.messages('approvals'),
      (message) => textOf(message).includes(words),
    ),
    await seen(
      workspace,
      () => alice.dm(),
      (message) => textOf(message).includes(words),
    ),
  ];
  for (const message of messages) expect(textOf(message)).toContain(login);
  expect(bob.dm().filter((message) => textOf(message).includes(words))).toEqual([]);
  await workspace.until(() => JSON.stringify(must(alice.home()).source).includes('Changed by somebody else at targets: 1'), 20_000);

  await byHand('grant readonly to bob');
  await look();
  await workspace.until(() => messages.every((message) => textOf(message).includes('is settled')), 20_000);
  await workspace.until(() => !JSON.stringify(must(alice.home()).source).includes('Changed by somebody else'), 20_000);
  expect(alice.messages('approvals').filter((message) => textOf(message).includes(words))).toEqual([]);
  expect(workspace.warnings).toEqual([]);
  expect(product.logged.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
    'access was removed at the target by somebody else',
  ]);
}, 120_000);
