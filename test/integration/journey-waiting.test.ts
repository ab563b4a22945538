import { expect, it } from 'vitest';
import { accessOf, approvalOf, buttonsOf, expectNoComplaints, seen, textOf, told } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

/** The clock is Postgres', so the rows are moved: as though this had been asked, or given, that much earlier. */
const moveRequests = ({ curfew: { pool } }: RunningCurfew, interval: string) =>
  pool.query(
    `update requests set created_at = created_at - $1::interval, approvable_until = approvable_until - $1::interval,
       notify_at = notify_at - $1::interval, nudged_at = nudged_at - $1::interval where state = 'pending'`,
    [interval],
  );
/** Its messages are up to date, and when they change next is on record. */
const isAtRest = async ({ curfew: { pool } }: RunningCurfew): Promise<boolean> =>
  (await pool.query(`select 1 from requests where notify_at is not null and notice_lease_until is null`)).rows.length > 0;
const moveGrants = ({ curfew: { pool } }: RunningCurfew, interval: string) =>
  pool.query(
    `with g as (update grants set granted_at = granted_at - $1::interval, expires_at = expires_at - $1::interval,
         latest_end = latest_end - $1::interval, provision_until = provision_until - $1::interval returning request_id)
     update requests set notify_at = notify_at - $1::interval from g where requests.id = g.request_id`,
    [interval],
  );

it.each(['socket', 'http'] as const)('reminds, nudges, warns and extends, over %s', async (transport) => {
  await using product = await startCurfew({ transport });
  const { workspace } = product;
  const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
  const dm = (words: string) =>
    seen(
      workspace,
      () => bob.dm(),
      (message) => textOf(message).includes(words),
    );
  const inChannel = (words: string) =>
    seen(
      workspace,
      () => alice.messages('approvals'),
      (message) => textOf(message).includes(words),
    );

  await bob.command('/access request pg role readonly --reason "while I wait" --duration 1h');
  const approval = await approvalOf(workspace, 'while I wait');
  const waiting = await dm('Your request');
  expect(buttonsOf(waiting)).toEqual(['nudge', 'cancel']);

  await bob.press(waiting, 'nudge');
  await told(workspace, bob, 'You can nudge them again 10 minutes after the last time');
  await moveRequests(product, '15 minutes');
  const reminder = await inChannel('Still waiting');
  expect(reminder).toMatchObject({ threadTs: approval.ts, isBroadcast: true });
  await bob.press(waiting, 'nudge');
  const nudge = await inChannel('asks again');
  expect(buttonsOf(nudge)).toEqual(['approve', 'deny', 'ask_more']);

  // Any copy decides, and every copy says so.
  await alice.press(nudge, 'approve');
  const access = await accessOf(workspace);
  expect(buttonsOf(access)).toContain('extend');
  await workspace.until(() => [approval, reminder, nudge].every((message) => !buttonsOf(message).includes('approve')));

  await expect.poll(() => isAtRest(product), { timeout: 20_000 }).toBe(true);
  await moveGrants(product, '55 minutes');
  const warning = await dm('Ends soon');
  expect(buttonsOf(warning)).toEqual(['extend', 'relinquish']);
  await bob.press(warning, 'extend');
  await told(workspace, bob, 'Waiting');
  const more = await inChannel('More time for access');
  await alice.press(more, 'approve');
  await dm('Your access goes on');
  await workspace.until(() => !buttonsOf(warning).includes('extend') && !buttonsOf(access).includes('extend'));
  expectNoComplaints(product);
});
