import type pg from 'pg';
import type { Outlook } from '../app/store.ts';
import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import { isRole } from '../domain/role.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';

const text = `select
  array(select role from role_bindings where org = $1 and canonical = $2) as roles,
  (select version::text || '.' || xmin::text from policy_heads where org = $1) as revision,
  (select document from settings where org = $1) as settings`;

/** One round trip, parsed and planned once per connection: what is only asked for is asked often. */
export async function readOutlook(pool: pg.Pool, org: Org, person: Email): Promise<Outlook> {
  const { rows } = await pool.query<{ roles: string[]; revision: string | null; settings: Settings | null }>({
    name: 'outlook',
    text,
    values: [org, canonicalEmail(person)],
  });
  const [row] = rows;
  return {
    roles: (row?.roles ?? []).filter(isRole),
    ruleRevision: row?.revision ?? undefined,
    settings: row?.settings ?? defaultSettings,
  };
}
