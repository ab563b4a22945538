import { type RawBuilder, sql } from 'kysely';
import type { PolicyReads, PolicyWrites } from '../app/policies-store.ts';
import type { Actor } from '../app/store.ts';
import type { Org } from '../domain/ids.ts';
import type { Policy } from '../domain/policy.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { policyBefore, policyChange } from './policy-history.ts';

export function createPolicyReads(db: Db): PolicyReads {
  return {
    async one(org, name) {
      const { rows } = await sql<{ policy: Policy; version: string }>`select document as policy,
        coalesce((select max(version) from policy_history h where h.org = policies.org and h.name = policies.name), 0)::text as version
        from policies where org = ${org} and name = ${name}`.execute(db);
      return rows[0];
    },
    async count(org) {
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from policies where org = ${org}`.execute(db);
      return rows[0]?.count ?? 0;
    },
    async document(org) {
      const { rows } = await sql<{ version: string | null; changed_at: Date | null; rules: Policy[] }>`select
        (select version::text from policy_heads where org = ${org}) as version,
        (select changed_at from policy_heads where org = ${org}) as changed_at,
        (select coalesce(jsonb_agg(document order by position), '[]'::jsonb) from policies where org = ${org}) as rules`.execute(db);
      const changedAt = rows[0]?.changed_at ?? undefined;
      return {
        version: rows[0]?.version ?? '0',
        changedAt: changedAt === undefined ? undefined : instant(changedAt.getTime()),
        rules: rows[0]?.rules ?? [],
      };
    },
  };
}

export function createPolicyWrites(tx: Db): PolicyWrites {
  return {
    ...createPolicyReads(tx),
    async lock(org) {
      await sql`insert into policy_heads (org, version) values (${org}, 0) on conflict (org) do nothing`.execute(tx);
      await sql`select from policy_heads where org = ${org} for update`.execute(tx);
    },
    async change(actor, org, changes, reorder) {
      await sql`update policy_heads set version = version + 1, changed_at = clock_timestamp() where org = ${org}`.execute(tx);
      const names = changes.map(({ name }) => name);
      const documents = changes.map(({ policy }) => (policy === undefined ? null : JSON.stringify(policy)));
      const given = sql`unnest(${names}::text[], ${documents}::text[]) with ordinality as given (name, document, place)`;
      await sql`delete from policies using ${given} where policies.org = ${org} and policies.name = given.name
        and (given.document is null or ${reorder})`.execute(tx);
      await sql`insert into policies (org, name, document) select ${org}, given.name, given.document::jsonb from ${given}
        where given.document is not null order by given.place
        on conflict (org, name) do update set document = excluded.document, updated_at = clock_timestamp()`.execute(tx);
      await writeHistory(tx, actor, org, given);
    },
  };
}

/** One row and one event for each policy that was written or deleted. */
async function writeHistory(tx: Db, actor: Actor, org: Org, given: RawBuilder<unknown>): Promise<void> {
  await sql`with h as (
      insert into policy_history (org, version, name, position, document, by, at)
      select head.org, head.version, given.name,
        -- A deleted policy has no place any more, and keeps its last one.
        coalesce(p.position, (select l.position from policy_history l where l.org = head.org and l.name = given.name order by l.version desc limit 1)),
        given.document::jsonb, ${JSON.stringify(actor)}::jsonb, head.changed_at
      from policy_heads head cross join ${given} left join policies p on p.org = head.org and p.name = given.name
      where head.org = ${org} returning *),
    told as (select h.org, null::uuid as request_id, null::uuid as grant_id, h.name, h.version, h.document, b.document as before,
      ${policyChange} as change from h ${policyBefore})
    ${auditFrom('told', sql`'policy.' || change`, actor, sql`jsonb_build_object('name', name, 'version', version::text, 'before', before, 'after', document)`)}`.execute(
    tx,
  );
}
