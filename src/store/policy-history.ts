import { sql } from 'kysely';
import type { PolicyEvent, PolicyHistoryReads } from '../app/policy-history-store.ts';
import type { Policy } from '../domain/policy.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';

/** What the policy of a row `h` of `policy_history` was before that version; a lateral join makes it `b`. */
export const policyBefore = sql`left join lateral (
  select document, position from policy_history p where p.org = h.org and p.name = h.name and p.version < h.version
  order by p.version desc limit 1) b on true`;

/** What happened to the policy of `h`, given `b`. A deleted policy keeps a row without a document. */
export const policyChange = sql`case when h.document is null then 'deleted' when b.document is null then 'created'
  when h.document = b.document and h.position <> b.position then 'moved' else 'updated' end`;

type EventRow = Omit<PolicyEvent, 'at' | 'before' | 'after'> & { at: Date; before: Policy | null; after: Policy | null };
type ListRow = { policy: Policy; version: string; at: Date; by: PolicyEvent['by']; position: string };

export const createPolicyHistoryReads = (db: Db): PolicyHistoryReads => ({
  async events(org, { name, before, limit }) {
    const { rows } = await sql<EventRow>`select h.version, h.position, h.name, h.at, h.by, ${policyChange} as change,
        b.document as before, h.document as after
      from policy_history h ${policyBefore}
      where h.org = ${org} and (${name ?? null}::text is null or h.name = ${name ?? null})
        and (${before?.version ?? null}::bigint is null or (h.version, h.position) < (${before?.version ?? null}::bigint, ${before?.position ?? null}::bigint))
      order by h.version desc, h.position desc limit ${limit}`.execute(db);
    return rows.map((row) => ({
      ...row,
      at: instant(row.at.getTime()),
      before: row.before ?? undefined,
      after: row.after ?? undefined,
    }));
  },
  async documentAt(org, version) {
    const { rows } = await sql<{ known: boolean; at: Date | null; rules: Policy[] }>`select
      coalesce((select version from policy_heads where org = ${org}), 0) >= ${version}::bigint as known,
      (select max(at) from policy_history where org = ${org} and version = ${version}::bigint) as at,
      (select coalesce(jsonb_agg(document order by position), '[]'::jsonb) from (
        select distinct on (name) document, position from policy_history
        where org = ${org} and version <= ${version}::bigint order by name, version desc) latest
        where document is not null) as rules`.execute(db);
    const [row] = rows;
    if (row === undefined || !row.known) return undefined;
    return { version, changedAt: row.at === null ? undefined : instant(row.at.getTime()), rules: row.rules };
  },
  async list(org, { after, limit }) {
    const { rows } = await sql<ListRow>`select p.document as policy, p.position, h.version, h.at, h.by from policies p
      join lateral (select version, at, by from policy_history l where l.org = p.org and l.name = p.name
        order by l.version desc limit 1) h on true
      where p.org = ${org} and (${after ?? null}::bigint is null or p.position > ${after ?? null}::bigint)
      order by p.position limit ${limit}`.execute(db);
    return rows.map(({ at, ...row }) => ({ ...row, changedAt: instant(at.getTime()) }));
  },
});
