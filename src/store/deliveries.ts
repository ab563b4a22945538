import { sql } from 'kysely';
import type { DeliveryStore } from '../app/deliveries-store.ts';
import type { Db } from './database.ts';

/** Slack takes a signed request for good for five minutes, and sends an event again within six. */
const lifetime = sql`interval '1 hour'`;

export function createDeliveries(db: Db): DeliveryStore {
  return {
    async claim(org, key) {
      const { rows } = await sql`insert into deliveries (org, key) values (${org}, ${key}) on conflict do nothing returning true`.execute(
        db,
      );
      return rows.length === 1;
    },
    async forget(limit) {
      const { numAffectedRows } = await sql`delete from deliveries where (org, key) in (
        select org, key from deliveries where came_at <= clock_timestamp() - ${lifetime}
        order by came_at limit ${limit} for update skip locked)`.execute(db);
      return Number(numAffectedRows ?? 0n);
    },
  };
}
