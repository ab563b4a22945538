import { expect, it } from 'vitest';
import { createTurnHours } from '../../src/store/hours.ts';
import { standingHours } from '../support/standing-hours.ts';

const at = standingHours();
const { run, work } = at;
const hourText = (minutes: number): string => new Date(at.base + minutes * 60_000).toISOString().slice(11, 16);
/** From a while before now to as long after. */
const openNow = () => `daily ${hourText(-120)}-${hourText(120)} UTC`;
const laterToday = () => `daily ${hourText(240)}-${hourText(300)} UTC`;

/** Standing access of five people whose hours have closed, the one that closed first first. */
async function closed(recurring: readonly string[]): Promise<void> {
  const names = recurring.map((_, index) => `turner${index}`);
  for (const name of names)
    expect(await run(name, ['request', 'pg', 'role', 'readonly', '--window', openNow()])).toMatchObject({ ok: true });
  await work();
  for (const [index, text] of recurring.entries())
    await at.world.pool.query(
      `update grants g set recurring = $2, opens_at = clock_timestamp() - interval '2 hours',
         closes_at = clock_timestamp() - interval '1 hour' + $3 * interval '1 minute'
       from requests q join people p on p.org = q.org and p.id = q.principal_id
       where q.org = g.org and q.id = g.request_id and g.state = 'active' and p.email = $1`,
      [`turner${index}@example.com`, text, index],
    );
  await at.world.pool.query('delete from outbox');
}

const byPerson = async () =>
  (
    await at.world.pool.query<{ name: string; due: boolean }>(
      `select split_part(p.email, '@', 1) as name, g.closes_at <= clock_timestamp() as due
       from grants g join requests q on q.org = g.org and q.id = g.request_id join people p on p.org = q.org and p.id = q.principal_id
       where g.state = 'active' order by 1`,
    )
  ).rows;
const stillDue = async () => (await byPerson()).filter(({ due }) => due).map(({ name }) => name);

it('goes on until no hours that have closed are left, however few one statement takes', async () => {
  await closed(Array.from({ length: 5 }, laterToday));
  expect(await createTurnHours(at.world.pool, 2)()).toBe(0);
  expect(await stillDue()).toEqual([]);
});

it('is not held up by hours that are not understood, and counts them', async () => {
  const strange = 'Mon 09:00-10:00 Mars/Olympus';
  await closed([strange, strange, strange, laterToday(), laterToday()]);
  expect(await createTurnHours(at.world.pool, 2)()).toBe(3);
  expect(await stillDue()).toEqual(['turner0', 'turner1', 'turner2']);
});

it('lets those that stay closed go first, and what opens come after', async () => {
  await closed([openNow(), openNow(), laterToday(), openNow(), laterToday()]);
  expect(await createTurnHours(at.world.pool, 1)()).toBe(0);
  expect(await stillDue()).toEqual([]);
  const { rows } = await at.world.pool.query<{ name: string }>(
    `select split_part(p.email, '@', 1) as name from outbox o
     join grants g on g.org = o.org and g.right_id::text = o.subject::text and g.state = 'active'
     join requests q on q.org = g.org and q.id = g.request_id join people p on p.org = q.org and p.id = q.principal_id
     where o.kind = 'look' order by o.id`,
  );
  expect(rows.map(({ name }) => name)).toEqual(['turner2', 'turner4', 'turner0', 'turner1', 'turner3']);
});
