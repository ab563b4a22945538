import { sql } from 'kysely';
import type { AccountChanges } from '../app/account-changes-store.ts';
import type { Db } from './database.ts';
import { tabChanged } from './home-tabs.ts';

/** Many times as long as anybody believes what they have read of an account. */
const lifetime = sql`interval '1 hour'`;

export const createAccountChanges = (db: Db): AccountChanges => ({
  async mark(org, account) {
    const { rows } = await sql<{ mark: string }>`select mark from account_changes where org = ${org} and account = ${account}`.execute(db);
    return rows[0]?.mark;
  },
  async add(org, account) {
    await sql`with changed as (
        insert into account_changes (org, account) values (${org}, ${account})
        on conflict (org, account) do update set mark = excluded.mark, changed_at = excluded.changed_at)
      update homes h set ${tabChanged} where h.org = ${org} and h.account = ${account}`.execute(db);
  },
  async forget(limit) {
    const { numAffectedRows } = await sql`delete from account_changes where (org, account) in (
      select org, account from account_changes where changed_at <= clock_timestamp() - ${lifetime}
      order by changed_at limit ${limit} for update skip locked)`.execute(db);
    return Number(numAffectedRows ?? 0n);
  },
});
