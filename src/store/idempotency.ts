import { AsyncLocalStorage } from 'node:async_hooks';
import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import type { CallClaim, ClaimedCall, IdempotencyStore, KeptAnswer } from '../app/idempotency-store.ts';
import type { Org } from '../domain/ids.ts';
import type { Db } from './database.ts';

const lifetime = sql`interval '24 hours'`;
/** Not a bound for how long a call may take: one that is slower loses its claim, and then cannot commit. */
const abandonedAfter = sql`interval '1 minute'`;

type Held = { readonly org: Org; readonly slot: Uint8Array; readonly token: string };

type Within = {
  commitWith<T>(tx: Db, result: T): Promise<T>;
  /** Do we run within a claimed call? */
  isClaimed(): boolean;
};

/**
 * Beside the port, `commitWith`: what every transaction of the store does last. It belongs to the claimed call that it runs
 * within, if to any; that travels with the asynchronous context, so that no use case has to hand it on.
 */
export function createIdempotency(db: Db): IdempotencyStore & Within {
  const current = new AsyncLocalStorage<Held>();
  return {
    async claim(org, slot, request) {
      const held: Held = { org, slot, token: uuidv4() };
      const { rows } = await sql`insert into idempotency_keys as held (org, slot, request, token)
        values (${org}, ${slot}, ${request}, ${held.token})
        on conflict (org, slot) do update set request = excluded.request, token = excluded.token, created_at = clock_timestamp(),
          acted_at = null, ended_at = null, status = null, headers = null, body = null
        where held.created_at <= clock_timestamp() - ${lifetime}
          or (held.ended_at is null and held.acted_at is null and held.request = excluded.request
            and held.created_at <= clock_timestamp() - ${abandonedAfter})
        returning true`.execute(db);
      return rows.length === 1 ? { kind: 'mine', call: claimedCall(db, current, held) } : readEarlier(db, org, slot, request);
    },
    async forget(limit) {
      const { numAffectedRows } = await sql`delete from idempotency_keys where (org, slot) in (
        select org, slot from idempotency_keys where created_at <= clock_timestamp() - ${lifetime}
        order by created_at limit ${limit} for update skip locked)`.execute(db);
      return Number(numAffectedRows ?? 0n);
    },
    async commitWith(tx, result) {
      const held = current.getStore();
      if (held === undefined) return result;
      const { numAffectedRows } = await sql`update idempotency_keys set acted_at = coalesce(acted_at, clock_timestamp())
        where org = ${held.org} and slot = ${held.slot} and token = ${held.token}`.execute(tx);
      if (numAffectedRows !== 1n) throw new Error('the call took so long that a repeat of it was begun');
      return result;
    },
    isClaimed: () => current.getStore() !== undefined,
  };
}

function claimedCall(db: Db, current: AsyncLocalStorage<Held>, held: Held): ClaimedCall {
  const mine = sql`org = ${held.org} and slot = ${held.slot} and token = ${held.token}`;
  const end = async (answer: KeptAnswer | undefined): Promise<void> => {
    const headers = answer === undefined ? null : JSON.stringify(answer.headers);
    await sql`update idempotency_keys set ended_at = clock_timestamp(), status = ${answer?.status ?? null}::smallint,
      headers = ${headers}::jsonb, body = ${answer?.body ?? null}::bytea where ${mine}`.execute(db);
  };
  return {
    within: (work) => current.run(held, work),
    keep: end,
    withhold: () => end(undefined),
    async release() {
      const { numAffectedRows } = await sql`delete from idempotency_keys where ${mine} and acted_at is null`.execute(db);
      if (numAffectedRows === 0n) await end(undefined);
    },
  };
}

type Earlier = {
  readonly same: boolean;
  readonly over: boolean;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: Buffer | null;
};

async function readEarlier(db: Db, org: Org, slot: Uint8Array, request: Uint8Array): Promise<CallClaim> {
  const { rows } = await sql<Earlier>`select request = ${request} as same, status, headers, body,
      ended_at is not null or (acted_at is not null and created_at <= clock_timestamp() - ${abandonedAfter}) as over
    from idempotency_keys where org = ${org} and slot = ${slot}`.execute(db);
  const [row] = rows;
  // Freed since: whoever asks again finds it free.
  if (row === undefined) return { kind: 'running' };
  if (!row.same) return { kind: 'other-request' };
  if (row.status !== null && row.headers !== null && row.body !== null)
    return { kind: 'answered', answer: { status: row.status, headers: row.headers, body: row.body } };
  return { kind: row.over ? 'withheld' : 'running' };
}
