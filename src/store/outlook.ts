import type pg from 'pg';
import type { Outlook } from '../app/store.ts';
import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import { isRole } from '../domain/role.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';

export type OutlookRow = {
  readonly roles: readonly string[];
  readonly revision: string | null;
  readonly settings: Settings | null;
  readonly ahead: boolean;
  readonly others_review: boolean;
};

/** SQL; both are expressions. */
export const outlookColumns = (org: string, canonical: string): string => `
  array(select role from role_bindings where org = ${org} and canonical = ${canonical}) as roles,
  (select version::text || '.' || xmin::text from policy_heads where org = ${org}) as revision,
  (select document from settings where org = ${org}) as settings,
  exists (select from pre_approvals where org = ${org}) as ahead,
  exists (select from role_bindings where org = ${org} and role = 'manager' and canonical <> ${canonical}) as others_review`;

export const toOutlook = ({ roles, revision, settings, ahead, others_review: othersReview }: OutlookRow): Outlook => ({
  roles: roles.filter(isRole),
  ruleRevision: revision ?? undefined,
  settings: settings ?? defaultSettings,
  hasPreApprovals: ahead,
  othersReview,
});

/** One round trip, parsed and planned once per connection: what is only asked for is asked often. */
export async function readOutlook(pool: pg.Pool, org: Org, person: Email): Promise<Outlook> {
  const { rows } = await pool.query<OutlookRow>({
    name: 'outlook',
    text: `select ${outlookColumns('$1', '$2')}`,
    values: [org, canonicalEmail(person)],
  });
  return toOutlook(rows[0] ?? { roles: [], revision: null, settings: null, ahead: false, others_review: false });
}
