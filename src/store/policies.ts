import { sql } from 'kysely';
import type { PolicyReads, PolicyWrites } from '../app/policies-store.ts';
import type { Policy } from '../domain/policy.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';

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
      for (const { name, policy } of changes) {
        const { rows } = await sql<{ document: Policy; position: string }>`select document, position::text from policies
          where org = ${org} and name = ${name}`.execute(tx);
        const before = rows[0];
        if (policy === undefined || reorder) await sql`delete from policies where org = ${org} and name = ${name}`.execute(tx);
        if (policy !== undefined)
          await sql`insert into policies (org, name, document) values (${org}, ${name}, ${JSON.stringify(policy)}::jsonb)
            on conflict (org, name) do update set document = excluded.document, updated_at = clock_timestamp()`.execute(tx);
        const after = policy === undefined ? null : JSON.stringify(policy);
        const action = policy === undefined ? 'policy.deleted' : before === undefined ? 'policy.created' : 'policy.updated';
        await sql`with h as (
            insert into policy_history (org, version, name, position, document, by, at)
            select h.org, h.version, ${name}, coalesce((select position from policies where org = ${org} and name = ${name}), ${before?.position ?? null}::bigint),
              ${after}::jsonb, ${JSON.stringify(actor)}::jsonb, h.changed_at from policy_heads h where h.org = ${org} returning *),
          told as (select org, null::uuid as request_id, null::uuid as grant_id, name, version, document,
            ${before === undefined ? null : JSON.stringify(before.document)}::jsonb as before from h)
          ${auditFrom('told', action, actor, sql`jsonb_build_object('name', name, 'version', version::text, 'before', before, 'after', document)`)}`.execute(
          tx,
        );
      }
    },
  };
}
