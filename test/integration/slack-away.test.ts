import { expect, it } from 'vitest';
import { callerOf, expectAgreement, expectTruth } from '../support/agreement.ts';
import { posted } from '../support/posted.ts';
import { accessOf, approvalOf, buttonsOf, seen, textOf } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

// Slack is away for an hour, gives no answer where it counts, or is given more than it takes.

const ask = (product: RunningCurfew, who: string, reason: string) =>
  product.workspace.as(who).command(`/access request pg role readonly --reason "${reason}" --duration 10m`);

async function idOf({ curfew }: RunningCurfew, reason: string): Promise<string> {
  const { rows } = await curfew.pool.query<{ id: string }>('select id from requests where reason = $1', [reason]);
  const [row] = rows;
  if (row === undefined) throw new Error(`nobody asked: ${reason}`);
  return row.id;
}

it('catches up after an hour without Slack', async () => {
  await using product = await startCurfew({ transport: 'socket' });
  const { workspace, curfew } = product;
  await ask(product, 'bob', 'before');
  const approval = await approvalOf(workspace, 'before');
  await expectAgreement(product);

  workspace.faults.every('*', { drop: true });
  const carol = await callerOf(product, 'carol', 'U0CAROL01');
  const dave = await callerOf(product, 'dave', 'U0DAVE001');
  const right = { service: 'pg', accessType: 'role', resource: 'readwrite', integration: undefined };
  const submitted = await curfew.useCases.submitRequest(dave, { right, reason: 'meanwhile', duration: undefined, to: undefined });
  expect(submitted.ok).toBe(true);
  const { rows } = await curfew.pool.query<{ id: never }>(`select id from requests where reason = 'before'`);
  for (const { id } of rows) await curfew.useCases.decideRequest(carol, id, { kind: 'approve', duration: undefined, digest: undefined });
  await expect.poll(() => product.logged.some(({ message }) => message === 'a job failed'), { timeout: 20_000 }).toBe(true);
  await curfew.pool.query(`update outbox set created_at = created_at - interval '1 hour', sent_at = sent_at - interval '1 hour'`);
  expect(buttonsOf(approval)).toContain('approve');

  workspace.faults.every('*', undefined);
  await expectAgreement(product);
  expect(buttonsOf(approval)).toEqual(['revoke']);
  await accessOf(workspace, 'bob');
  expect(textOf(await approvalOf(workspace, 'meanwhile'))).toContain('readwrite');
}, 120_000);

it('posts once more, and says so, where it may not look', async () => {
  const scopes = ['commands', 'chat:write', 'im:write', 'users:read', 'users:read.email', 'channels:read', 'groups:read'];
  await using product = await startCurfew({ transport: 'http', slack: { scopes } });
  const { workspace, logged } = product;
  workspace.faults.next('chat.postMessage', { lostReply: true });
  await ask(product, 'bob', 'in the dark');
  await expect.poll(() => posted(product).filter(({ posting }) => posting === 'approval').length, { timeout: 30_000 }).toBe(2);
  expect(logged).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      message: expect.stringContaining('it cannot be told whether a message was posted'),
      fields: { why: 'missing_scope', request: await idOf(product, 'in the dark'), posting: 'approval', channel: 'C0APPROVAL' },
    }),
  );
  // The one that is not kept decides nothing twice.
  const [lost, kept] = posted(product).filter(({ posting }) => posting === 'approval');
  if (lost === undefined || kept === undefined) throw new Error('there are no two');
  await workspace.as('carol').press(kept.message, 'approve');
  await workspace.until(() => buttonsOf(kept.message).includes('revoke'), 20_000);
  await workspace.as('alice').press(lost.message, 'approve');
  await seen(
    workspace,
    () => workspace.as('alice').ephemerals(),
    (message) => textOf(message).includes('was faster'),
  );
}, 120_000);

it('keeps to the pace in a burst, with nothing lost or doubled, and revokes meanwhile', async () => {
  await using product = await startCurfew({ transport: 'socket' });
  const { workspace, curfew } = product;
  await ask(product, 'bob', 'early');
  await workspace.as('carol').press(await approvalOf(workspace, 'early'), 'approve');
  const access = await accessOf(workspace, 'bob');
  await expectAgreement(product);

  const reasons = Array.from({ length: 15 }, (_, number) => `burst ${number}`);
  workspace.faults.next('chat.postMessage', { retryAfterSeconds: 2 });
  await Promise.all(reasons.map((reason, number) => ask(product, ['dave', 'carol', 'alice'][number % 3] ?? 'dave', reason)));
  await workspace.as('bob').press(access, 'relinquish');
  const gone = `select 1 from grants where state = 'ended' and request_id = $1`;
  const early = await idOf(product, 'early');
  await expect.poll(async () => (await curfew.pool.query(gone, [early])).rows.length, { timeout: 10_000, interval: 50 }).toBe(1);
  // It did not wait for the messages, which take their time.
  const approvals = () => posted(product).filter(({ posting }) => posting === 'approval');
  expect(approvals().length).toBeLessThan(reasons.length);
  await expectTruth(product, 60_000);
  expect(approvals()).toHaveLength(1 + reasons.length);
}, 180_000);
