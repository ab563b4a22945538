import type pg from 'pg';
import type { Store } from '../app/store.ts';
import { parseRecurringWindow, spanAt } from '../domain/recurring-window.ts';
import { instant } from '../domain/time.ts';

/** In one statement, so that nobody waits long for the rights that it locks. */
const mostAtOnce = 500;

type Row = {
  readonly org: string;
  readonly id: string;
  readonly right_id: string;
  readonly recurring: string;
  readonly closed: string;
  readonly now: Date;
};

/**
 * Works out the next hours of every grant whose hours have closed, from the database's clock and from nothing that was known
 * before. Until that is done the right is not wanted, and it is taken away whether or not it is done. However many there are,
 * one call goes through them all; those that stay closed come first, and are committed before anything opens.
 * @param most  of one statement
 * @returns how many grants have hours that are not understood here; they stay closed
 */
export const createTurnHours =
  (pool: pg.Pool, most = mostAtOnce): Store['turnHours'] =>
  async () => {
    const opening: Next[] = [];
    let strange = 0;
    let last: Row | undefined;
    do {
      const rows = await closedAfter(pool, last, most);
      const next = rows.flatMap(nextOf);
      strange += rows.length - next.length;
      const isOpen = ({ span, now }: Next): boolean => span.opensAt <= now.getTime();
      opening.push(...next.filter(isOpen));
      await write(
        pool,
        next.filter((each) => !isOpen(each)),
      );
      last = rows.length < most ? undefined : rows.at(-1);
    } while (last !== undefined);
    for (let at = 0; at < opening.length; at += most) await write(pool, opening.slice(at, at + most));
    await pool.query({ name: 'look-at-opened', text: lookAtOpenedSql });
    return strange;
  };

/** From the last one on, because hours that are not understood stay among them. */
async function closedAfter(pool: pg.Pool, last: Row | undefined, most: number): Promise<readonly Row[]> {
  const { rows } = await pool.query<Row>({
    name: 'closed-hours',
    text: `select org, id, right_id, recurring, closes_at::text as closed, clock_timestamp() as now from grants
      where recurring is not null and state = 'active' and closes_at <= clock_timestamp()
        and ($1::timestamptz is null or (closes_at, org, id) > ($1::timestamptz, $2::text, $3::uuid))
      order by closes_at, org, id limit $4`,
    values: [last?.closed, last?.org, last?.id, most],
  });
  return rows;
}

function nextOf({ recurring, ...row }: Row): Next[] {
  const window = parseRecurringWindow(recurring);
  const span = window.ok ? spanAt(window.value, instant(row.now.getTime())) : undefined;
  return span === undefined ? [] : [{ ...row, span }];
}

/** Once, when they open: what is not given at once is tried again without being asked. */
const lookAtOpenedSql = `
insert into outbox (org, kind, subject)
select r.org, 'look', r.id from rights r
where r.lane = 'give' and r.due_at <= now() and r.due_at > now() - interval '5 seconds' and r.lease_owner is null
  and exists (select from grants g where g.org = r.org and g.right_id = r.id and g.state in ('planned', 'active') and g.opens_at = r.due_at)`;

type Next = Pick<Row, 'org' | 'id' | 'right_id' | 'now'> & { readonly span: { readonly opensAt: number; readonly closesAt: number } };

/** Rights first, in order, then grants: the lock order of every transition. */
async function write(pool: pg.Pool, next: readonly Next[]): Promise<void> {
  if (next.length === 0) return;
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query({ name: 'lock-turning', text: lockSql, values: [next.map((each) => each.org), next.map((each) => each.right_id)] });
    await client.query({
      name: 'turn-hours',
      text: turnSql,
      values: [
        next.map((each) => each.org),
        next.map((each) => each.id),
        next.map((each) => new Date(each.span.opensAt)),
        next.map((each) => new Date(each.span.closesAt)),
      ],
    });
    await client.query('commit');
    client.release();
  } catch (error) {
    // The connection is not used again, which ends the transaction too.
    client.release(true);
    throw error;
  }
}

const lockSql = `
select from rights where (org, id) in (select * from unnest($1::text[], $2::uuid[])) order by org, id for no key update`;

/**
 * Where the right is known to be gone, and nobody is looking at it, it is looked at when it opens; else at once, and by
 * nobody who has begun before this.
 */
const turnSql = `
with input as (select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) as i (org, id, opens_at, closes_at)),
g as (
  update grants g set closed_at = g.closes_at, opens_at = i.opens_at, closes_at = i.closes_at
  from input i where g.org = i.org and g.id = i.id and g.state = 'active' and g.closes_at <= clock_timestamp() and i.closes_at > g.closes_at
  returning g.org, g.right_id, g.opens_at, g.opened_at),
edges as (select org, right_id, min(opens_at) as opens_at, bool_or(opened_at is not null) as was_open from g group by org, right_id),
plans as (
  select e.*, r.due_at, r.observed = 'absent' and r.settled_for = 'absent' and r.lease_owner is null and not e.was_open as is_gone
  from edges e join rights r on r.org = e.org and r.id = e.right_id),
r as (
  update rights r set generation = r.generation + 1,
    lane = case when p.opens_at <= clock_timestamp() or p.is_gone then 'give' else 'take' end,
    due_at = case when p.opens_at > clock_timestamp() and p.is_gone then least(p.due_at, p.opens_at) else clock_timestamp() end
  from plans p where r.org = p.org and r.id = p.right_id
  returning r.org, r.id as right_id, r.due_at)
insert into outbox (org, kind, subject) select org, 'look', right_id from r where due_at <= clock_timestamp()`;
