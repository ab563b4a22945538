import { sql } from 'kysely';
import type pg from 'pg';
import { type Instant, instant } from '../domain/time.ts';

/** The one clock (I15). */
export async function readClock(pool: pg.Pool): Promise<Instant> {
  const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now');
  return toInstant(rows[0]);
}

/** An instant, for a statement. */
export const timestamp = (at: Instant) => sql`to_timestamp(${at / 1000}::float8)`;

export function toInstant(row: { now: Date } | undefined): Instant {
  if (row === undefined) throw new Error('the database did not tell the time');
  return instant(row.now.getTime());
}
