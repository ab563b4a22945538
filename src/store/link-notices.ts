import { sql } from 'kysely';
import type { LinkNotice, LinkNotices } from '../app/link-notices-store.ts';
import { type Org, parseEmail } from '../domain/ids.ts';
import type { Db } from './database.ts';

const keptFor = sql`interval '7 days'`;
/** Longer than a call to Slack takes. */
const triedAgainIn = sql`interval '30 seconds'`;

export async function addLinkNotice(tx: Db, org: Org, { account, email }: LinkNotice): Promise<void> {
  await sql`insert into link_notices (org, workspace, user_id, email) values (${org}, ${account.workspace}, ${account.user}, ${email})
    on conflict (org, workspace, user_id) do update
      set email = excluded.email, created_at = clock_timestamp(), try_at = clock_timestamp()`.execute(tx);
}

export const createLinkNotices = (db: Db): LinkNotices => ({
  async take(org) {
    const { rows } = await sql<{ workspace: string; user: string; email: string }>`
      with over as (delete from link_notices where org = ${org} and created_at <= clock_timestamp() - ${keptFor})
      update link_notices set try_at = clock_timestamp() + ${triedAgainIn}
      where org = ${org} and (workspace, user_id) in (
        select workspace, user_id from link_notices
        where org = ${org} and try_at <= clock_timestamp() and created_at > clock_timestamp() - ${keptFor}
        order by try_at limit 1 for update skip locked)
      returning workspace, user_id as "user", email`.execute(db);
    const [row] = rows;
    if (row === undefined) return undefined;
    const email = parseEmail(row.email);
    if (email === undefined) throw new Error('a notice is stored with an address that cannot exist');
    return { account: { provider: 'slack', workspace: row.workspace, user: row.user }, email };
  },
  async done(org, { account: { workspace, user }, email }) {
    await sql`delete from link_notices
      where org = ${org} and workspace = ${workspace} and user_id = ${user} and email = ${email}`.execute(db);
  },
});
