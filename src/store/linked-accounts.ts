import { sql } from 'kysely';
import type { AccountWrites } from '../app/sign-in-store.ts';
import type { AccountId, Link, OutsideAccount } from '../app/use-cases.ts';
import type { Actor } from '../app/store.ts';
import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { tabChanged } from './home-tabs.ts';
import { findOrAddPerson, findPerson, linkedPerson } from './people.ts';

export const subjectOf = ({ workspace, user }: AccountId): string => `${workspace}/${user}`;

/**
 * As {@link linkAccount}, for somebody who does nothing themselves: undefined where there is no link, and none is made. Where
 * the workspace vouches for no address, there is none to be compared with.
 */
export async function findLink(db: Db, org: Org, account: OutsideAccount): Promise<Exclude<Link, { why: 'unlinked' }> | undefined> {
  const { provider, email } = account;
  const linked = await linkedPerson(db, org, { provider, subject: subjectOf(account) });
  if (linked === undefined) return (await isTakenBack(db, org, account)) ? { why: 'taken-back' } : undefined;
  if (email === undefined) return { person: linked };
  const isSame = canonicalEmail(linked.email) === canonicalEmail(email);
  return isSame || (await findPerson(db, org, email)) === undefined ? { person: linked } : { why: 'other-person' };
}

async function isTakenBack(db: Db, org: Org, account: AccountId): Promise<boolean> {
  const { rows } = await sql`select 1 from unlinked_accounts
    where org = ${org} and provider = ${account.provider} and subject = ${subjectOf(account)}`.execute(db);
  return rows.length > 0;
}

/** The user of a workspace who is linked to the person with this address; undefined where there is none. */
export async function linkedUser(
  db: Db,
  org: Org,
  { provider, workspace, email }: Omit<AccountId, 'user'> & { readonly email: Email },
): Promise<string | undefined> {
  const { rows } = await sql<{ subject: string }>`select identities.subject from identities
    join people on people.org = identities.org and people.id = identities.person_id
    where identities.org = ${org} and identities.provider = ${provider} and people.canonical = ${canonicalEmail(email)}
      and starts_with(identities.subject, ${`${workspace}/`})`.execute(db);
  return rows[0]?.subject.slice(workspace.length + 1);
}

/**
 * The person an account of a workspace stands for: linked on first sight by its address, and kept. Refused is a second
 * account of the same workspace for one person, and an account whose address has become that of somebody else whom we know.
 */
export async function linkAccount(db: Db, org: Org, account: OutsideAccount): Promise<Link> {
  return (await findLink(db, org, account)) ?? linkByAddress(db, org, account);
}

/** As {@link linkAccount}, but a link that was taken back is made again. */
export async function linkAgain(db: Db, org: Org, account: OutsideAccount): Promise<Link> {
  const known = await findLink(db, org, account);
  return known === undefined || ('why' in known && known.why === 'taken-back') ? linkByAddress(db, org, account) : known;
}

/** As {@link linkAccount} would answer, for somebody whom another names: no link is made, as they did nothing themselves. */
export async function namedPerson(db: Db, org: Org, account: OutsideAccount): Promise<Link> {
  const known = await findLink(db, org, account);
  if (known !== undefined) return known;
  const { email } = account;
  if (email === undefined) return { why: 'unlinked' };
  if ((await linkedUser(db, org, { ...account, email })) !== undefined) return { why: 'second-account' };
  return { person: await findOrAddPerson(db, org, email) };
}

async function linkByAddress(db: Db, org: Org, account: OutsideAccount): Promise<Link> {
  const { email } = account;
  if (email === undefined) return { why: 'unlinked' };
  return db.transaction().execute(async (tx): Promise<Link> => {
    const made = await addLink(tx, org, account, await findOrAddPerson(tx, org, email), 'address');
    if (!('why' in made)) return made;
    return { why: made.why === 'taken' ? 'other-person' : made.why };
  });
}

type Made = { readonly person: Person } | { readonly why: 'second-account' | 'taken' };

/** Links an account to this person, with its event, also where it was taken back. `taken`: it is linked to somebody else. */
export async function addLink(tx: Db, org: Org, account: AccountId, person: Person, by: 'address' | 'sign-in'): Promise<Made> {
  const { provider, workspace } = account;
  const subject = subjectOf(account);
  // Two accounts that come at the same moment: the second waits here, and then sees the first.
  await sql`select 1 from people where org = ${org} and id = ${person.id} for update`.execute(tx);
  const { rows } = await sql<{ subject: string }>`select subject from identities
    where org = ${org} and provider = ${provider} and person_id = ${person.id} and starts_with(subject, ${`${workspace}/`})`.execute(tx);
  if (rows.some((each) => each.subject !== subject)) return { why: 'second-account' };
  if (rows.length === 1) return { person };
  const actor: Actor = { kind: 'person', ...person, via: 'slack' };
  const { numAffectedRows } = await sql`with wanted as (
      delete from unlinked_accounts where org = ${org} and provider = ${provider} and subject = ${subject}),
    linked as (
      insert into identities (org, provider, subject, person_id) values (${org}, ${provider}, ${subject}, ${person.id})
      on conflict do nothing returning org, null::uuid as request_id, null::uuid as grant_id),
    tab as (update homes h set ${tabChanged} from linked where h.org = linked.org and h.account = ${account.user})
    ${auditFrom('linked', 'account.linked', actor, sql`${JSON.stringify({ provider, account: subject, by })}::jsonb`)}`.execute(tx);
  return numAffectedRows === 1n ? { person } : { why: 'taken' };
}

export const createAccountWrites = (tx: Db): AccountWrites => ({
  async unlink(actor, org, which) {
    const is =
      'account' in which
        ? sql`subject = ${subjectOf(which.account)}`
        : sql`person_id = (select id from people where org = ${org} and canonical = ${canonicalEmail(which.person)})`;
    // A link that was handed out before is no longer good either, and a tab of theirs, however long ago it was opened, shows nothing
    // of them any more.
    const { numAffectedRows } = await sql`with unlinked as (
        delete from identities where org = ${org} and provider = 'slack' and ${is} returning *, null::uuid as request_id, null::uuid as grant_id),
      over as (delete from sign_ins using unlinked where sign_ins.org = unlinked.org and sign_ins.workspace || '/' || sign_ins.user_id = unlinked.subject),
      untold as (delete from link_notices n using unlinked where n.org = unlinked.org and n.workspace || '/' || n.user_id = unlinked.subject),
      kept as (
        insert into unlinked_accounts (org, provider, subject) select org, provider, subject from unlinked on conflict do nothing),
      tabs as (
        insert into homes as h (org, account, person_id, opened_at, publish_at)
        -- One account may have been linked by its workspace and by the organisation that this has joined.
        select distinct on (org, split_part(subject, '/', 2)) org, split_part(subject, '/', 2), person_id, clock_timestamp(), clock_timestamp() from unlinked
        on conflict (org, account) do update set opened_at = excluded.opened_at, ${tabChanged})
      ${auditFrom(
        'unlinked',
        'account.unlinked',
        actor,
        sql`jsonb_build_object('provider', provider, 'account', subject,
          'email', (select email from people p where p.org = unlinked.org and p.id = unlinked.person_id))`,
      )}`.execute(tx);
    return Number(numAffectedRows ?? 0n);
  },
});
