import { describe, expect, it } from 'vitest';
import { must } from '../support/http-app.ts';
import { accessOf, buttonsOf, expectNoComplaints, logIn, loginProblem, refusals, seen, showPassword, textOf } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

const hourMs = 3_600_000;
/** Hours in UTC, every day, that begin so many hours from now and last two. */
const hours = (from: number): string => {
  const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
  return `daily ${clock(from * hourMs)}-${clock((from + 2) * hourMs)} UTC`;
};

/** The hours of the day are others now, and those that were open are over, or have begun. */
const turn = (product: RunningCurfew, recurring: string, opensIn: string, closesIn: string) =>
  product.curfew.pool.query(
    `with g as (
       update grants set recurring = $1, opens_at = clock_timestamp() + $2::interval, closes_at = clock_timestamp() + $3::interval
       where recurring is not null and state = 'active' returning org, right_id)
     update rights r set due_at = clock_timestamp(), generation = generation + 1 from g where r.org = g.org and r.id = g.right_id`,
    [recurring, opensIn, closesIn],
  );

describe.each(['socket', 'http'] as const)('standing access in recurring hours, by %s', (transport) => {
  it('is asked for in Slack, cut when the hours close, and there again when they open', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const bob = workspace.as('bob');
    await product.curfew.pool.query(`insert into policies (org, name, document) values ('demo', 'standing', $1)`, [
      { name: 'standing', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'persistent' }] },
    ]);
    await bob.command('/access request pg role readonly --window "Mon-Fri 9-17 UTC"');
    const refused = await seen(
      workspace,
      () => bob.ephemerals(),
      (message) => textOf(message).includes('are no hours'),
    );
    expect(textOf(refused)).toContain('--window');

    const open = hours(-1);
    await bob.command(`/access request pg role readonly --window "${open}"`);
    const message = await accessOf(workspace);
    expect(textOf(message)).toContain('when its hours close');
    expect(textOf(message)).toContain(open);
    const connection = await showPassword(workspace, message);
    const session = await logIn(connection);
    expect(session.orders).toBe(48);

    await turn(product, hours(1), '-1 hour', '-1 second');
    await session.cut;
    await expect.poll(() => loginProblem(connection), { timeout: 10_000 }).toSatisfy((code) => refusals.includes(code));
    const closed = await seen(
      workspace,
      () => bob.dm(),
      (each) => textOf(each).includes('Outside its hours') && textOf(each).includes('Your access to'),
    );
    expect(buttonsOf(closed)).toEqual(['relinquish']);
    const { rows } = await product.curfew.pool.query<{ id: string }>('select id from requests');
    const path = `/o/demo/permission-requests/${must(rows[0]).id}`;
    expect((await product.api('GET', path)).body).toMatchObject({ status: 'DONE', access: { hours: { state: 'closed' } } });

    await turn(product, hours(-1), '-1 second', '1 hour');
    const again = await accessOf(workspace);
    expect(textOf(again)).toContain('when its hours close');
    expect((await logIn(await showPassword(workspace, again))).orders).toBe(48);
    // The message was redrawn, and no other was posted about it.
    expect(bob.dm().filter((each) => buttonsOf(each).includes('relinquish'))).toHaveLength(1);
    const detail = await product.api('GET', path);
    const told = detail.body['timeline'] as readonly { readonly action: string }[];
    expect(told.map(({ action }) => action).filter((action) => action.startsWith('grant.'))).toEqual([
      'grant.activated',
      'grant.closed',
      'grant.opened',
    ]);
    expectNoComplaints(product);
  });
});
