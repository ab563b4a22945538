import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { BotTokenStore, KeptBotToken } from '../app/bot-token-store.ts';
import type { Org } from '../domain/ids.ts';
import type { Db } from './database.ts';

const hashOf = (seed: string): Buffer => createHash('sha256').update(seed).digest();

type Row = { readonly sealed: string; readonly goodForMs: number };

/** Undefined: this seed has not been used. */
async function find(db: Db, org: Org, seed: string): Promise<Row | undefined> {
  const { rows } = await sql<Row>`
    select sealed, (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as "goodForMs"
    from bot_tokens where org = ${org} and sealed is not null and ${hashOf(seed)} = any(seeds)`.execute(db);
  return rows[0];
}

async function keep(tx: Db, org: Org, seed: string, { sealed, goodForMs }: KeptBotToken): Promise<void> {
  const used = hashOf(seed);
  await sql`update bot_tokens set sealed = ${sealed}, expires_at = clock_timestamp() + ${goodForMs} * interval '1 millisecond',
      seeds = case when ${used}::bytea = any(seeds) then seeds else array_append(seeds, ${used}::bytea) end
    where org = ${org}`.execute(tx);
}

export function createBotTokens(db: Db): BotTokenStore {
  return {
    read: (org, seed) => find(db, org, seed),
    // Slack is asked under the lock: a refresh token is good once, and twelve hours pass between two renewals.
    renew: (org, seed, leastMs, renew) =>
      db.transaction().execute(async (tx) => {
        await sql`insert into bot_tokens (org) values (${org}) on conflict do nothing`.execute(tx);
        await sql`select from bot_tokens where org = ${org} for update`.execute(tx);
        const kept = await find(tx, org, seed);
        if (kept !== undefined && kept.goodForMs > leastMs) return kept;
        const renewed = await renew(kept?.sealed);
        await keep(tx, org, seed, renewed);
        return renewed;
      }),
  };
}
