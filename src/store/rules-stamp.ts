import { type RawBuilder, sql } from 'kysely';

/** Which policies, settings and roles an organisation has now: bindings of roles count as versions of the settings. */
export const rulesOf = (org: RawBuilder<unknown>) => sql`concat_ws('.', coalesce((select version from policy_heads where org = ${org}), 0),
  coalesce((select version from settings where org = ${org}), 0))`;
