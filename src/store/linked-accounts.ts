import { sql } from 'kysely';
import type { Link, OutsideAccount } from '../app/use-cases.ts';
import type { Actor } from '../app/store.ts';
import { canonicalEmail, type Org } from '../domain/ids.ts';
import type { Db } from './database.ts';
import { findOrAddPerson, findPerson, linkedPerson } from './people.ts';

const subjectOf = ({ workspace, user }: OutsideAccount): string => `${workspace}/${user}`;

/** As {@link linkAccount}, for somebody who does nothing themselves: undefined where there is no link, and none is made. */
export async function findLink(db: Db, org: Org, account: OutsideAccount): Promise<Link | undefined> {
  const { provider, email } = account;
  const linked = await linkedPerson(db, org, { provider, subject: subjectOf(account), email });
  if (linked === undefined) return undefined;
  const isSame = canonicalEmail(linked.email) === canonicalEmail(email);
  return isSame || (await findPerson(db, org, email)) === undefined ? { person: linked } : { why: 'other-person' };
}

/** The user of a workspace who is linked to the person with this address; undefined where there is none. */
export async function linkedUser(
  db: Db,
  org: Org,
  { provider, workspace, email }: Omit<OutsideAccount, 'user'>,
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
  const known = await findLink(db, org, account);
  if (known !== undefined) return known;
  const { provider, workspace, email } = account;
  const identity = { provider, subject: subjectOf(account) };
  return db.transaction().execute(async (tx): Promise<Link> => {
    const person = await findOrAddPerson(tx, org, email);
    // Two accounts that come at the same moment: the second waits here, and then sees the first.
    await sql`select 1 from people where org = ${org} and id = ${person.id} for update`.execute(tx);
    const { rows } = await sql<{ subject: string }>`select subject from identities
      where org = ${org} and provider = ${provider} and person_id = ${person.id} and starts_with(subject, ${`${workspace}/`})`.execute(tx);
    if (rows.some(({ subject }) => subject !== identity.subject)) return { why: 'second-account' };
    if (rows.length === 1) return { person };
    const actor: Actor = { kind: 'person', ...person, via: 'slack' };
    await sql`with linked as (
        insert into identities (org, provider, subject, person_id) values (${org}, ${provider}, ${identity.subject}, ${person.id}) returning org)
      insert into audit (org, action, actor, data)
      select org, 'account.linked', ${JSON.stringify(actor)}::jsonb, ${JSON.stringify({ provider, account: identity.subject })}::jsonb
      from linked`.execute(tx);
    return { person };
  });
}
