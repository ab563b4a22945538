import type pg from 'pg';
import type { Claim } from '../app/store.ts';

/** Sealed passwords of accounts that we make. They are opened only to be shown once, and go with the account. */

export async function offerPassword(pool: pg.Pool, claim: Claim, sealed: string): Promise<{ sealed: string; reset: boolean }> {
  const { rows } = await pool.query<{ sealed: string; reset: boolean }>(
    `update accounts set offered = coalesce(offered, $4) where org = $1 and integration = $2 and account = $3
     returning offered as sealed, not made as reset`,
    [claim.org, claim.integration, claim.target.account, sealed],
  );
  const kept = rows[0];
  if (kept === undefined) throw new Error(`no account stands behind right ${claim.rightId}`);
  return kept;
}

export async function answerPassword(pool: pg.Pool, claim: Claim, taken: boolean): Promise<void> {
  await pool.query(
    `update accounts set secret = case when $4 then coalesce(offered, secret) else secret end, made = made or $4, offered = null
     where org = $1 and integration = $2 and account = $3`,
    [claim.org, claim.integration, claim.target.account, taken],
  );
}

// Where another grant uses the account again already, the password on record is that grant's.
export async function forgetAccounts(pool: pg.Pool, claims: readonly Pick<Claim, 'org' | 'integration' | 'target'>[]): Promise<void> {
  if (claims.length === 0) return;
  await pool.query(
    `with gone as (
       select a.org, a.integration, a.account
       from (select distinct * from unnest($1::text[], $2::text[], $3::text[]) as named (org, integration, account) order by 1, 2, 3) g
       -- Each by its key, in that order ("offset 0"): joined, the planner may look through all accounts for the few that have a password.
       cross join lateral (select org, integration, account from accounts
         where org = g.org and integration = g.integration and account = g.account and (secret is not null or offered is not null or made)
         offset 0 for no key update) a)
     update accounts a set secret = null, offered = null, made = false from gone
     where a.org = gone.org and a.integration = gone.integration and a.account = gone.account and not exists (
       select from rights r join grants g on g.org = r.org and g.right_id = r.id
       where r.org = a.org and r.integration = a.integration and r.account = a.account and g.state in ('planned', 'active')
         and (g.expires_at is null or g.expires_at > now())
         and (g.recurring is null or g.opens_at <= now() and g.closes_at > now()))`,
    [claims.map((c) => c.org), claims.map((c) => c.integration), claims.map((c) => c.target.account)],
  );
}
