import { type RawBuilder, sql } from 'kysely';
import type { Actor, RulesApplied, Store } from '../app/store.ts';
import type { Db } from './database.ts';

/** The parts of a transition's statement that make it known: its audit event and its outbox lines (I3). */

/**
 * Audit events for every row of `source`, a CTE of the same statement with columns org, request_id and grant_id.
 * `action` is its name or an SQL expression over that CTE, `data` an SQL expression.
 */
export function auditFrom(
  source: string,
  action: string | RawBuilder<unknown>,
  actor: Actor,
  data: RawBuilder<unknown> = sql`'{}'::jsonb`,
): RawBuilder<unknown> {
  return sql`insert into audit (org, action, actor, request_id, grant_id, data)
    select org, ${action}, ${JSON.stringify(actor)}::jsonb, request_id, grant_id, ${data} from ${sql.table(source)}`;
}

/** As many policies are named in an event: more tell nobody anything, and an event is kept for ever. */
const mostNamed = 50;

/** What an event says of the policies that something was decided by. */
export const rulesData = ({ version, policies }: RulesApplied, besides: object = {}): object => ({
  ...besides,
  policyVersion: version,
  policies: policies.slice(0, mostNamed),
});

/** Asks for the messages of every request in `source` to be brought up to date. */
export function notifyFrom(source: string): RawBuilder<unknown> {
  return sql`insert into outbox (org, kind, subject) select org, 'notify', request_id from ${sql.table(source)}`;
}

/** Asks for every right in `source` (columns org, right_id) to be looked at. */
export function lookFrom(source: string): RawBuilder<unknown> {
  return sql`insert into outbox (org, kind, subject) select org, 'look', right_id from ${sql.table(source)}`;
}

/** Nothing else changes where something is refused, so the event is a statement of its own. */
export const recordRefusal =
  (db: Db): Store['recordRefusal'] =>
  async (actor, org, { attempt, code, request }) => {
    await sql`insert into audit (org, action, actor, request_id, data)
      select ${org}, 'refused', ${JSON.stringify(actor)}::jsonb, (select id from requests where org = ${org} and id = ${request ?? null}),
        jsonb_build_object('attempt', ${attempt}::text, 'code', ${code}::text)`.execute(db);
  };

export const recordRefusedCalls =
  (db: Db): Store['recordRefusedCalls'] =>
  async (org, counts) => {
    const actor: Actor = { kind: 'unknown' };
    await sql`insert into audit (org, action, actor, data)
      values (${org}, 'calls.refused', ${JSON.stringify(actor)}::jsonb, ${JSON.stringify(counts)}::jsonb)`.execute(db);
  };
