import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { canonicalEmail, type Email, type Org, parseEmail, parsePersonId } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { Identity } from '../app/use-cases.ts';
import type { Db } from './database.ts';

/** The person behind an address, where we have seen them before. */
export async function findPerson(db: Db, org: Org, email: Email): Promise<Person | undefined> {
  const row = await db
    .selectFrom('people')
    .select(['id', 'email'])
    .where('org', '=', org)
    .where('canonical', '=', canonicalEmail(email))
    .executeTakeFirst();
  return row === undefined ? undefined : toPerson(row);
}

/** The person behind an address, made on first sight; all spellings of one mailbox are one person (decision 16). */
export async function findOrAddPerson(db: Db, org: Org, email: Email): Promise<Person> {
  const canonical = canonicalEmail(email);
  const known = await findPerson(db, org, email);
  if (known !== undefined) return known;
  await db
    .insertInto('people')
    .values({ org, id: uuidv7(), email: canonical, canonical })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const added = await findPerson(db, org, email);
  if (added === undefined) throw new Error('a person that was just added is not there');
  return added;
}

/** The person an outside identity was linked to on first sight. The link stays, whatever the provider says of the address later. */
export async function identify(db: Db, org: Org, identity: Identity): Promise<Person> {
  const linked = await linkedPerson(db, org, identity);
  if (linked !== undefined) return linked;
  const person = await findOrAddPerson(db, org, identity.email);
  await db
    .insertInto('identities')
    .values({ org, provider: identity.provider, subject: identity.subject, person_id: person.id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await linkedPerson(db, org, identity)) ?? person;
}

export async function linkedPerson(db: Db, org: Org, identity: Omit<Identity, 'email'>): Promise<Person | undefined> {
  const row = await db
    .selectFrom('identities')
    .innerJoin('people', (join) => join.onRef('people.org', '=', 'identities.org').onRef('people.id', '=', 'identities.person_id'))
    .select(['people.id', 'people.email'])
    .where('identities.org', '=', org)
    .where('identities.provider', '=', identity.provider)
    .where('identities.subject', '=', identity.subject)
    .executeTakeFirst();
  return row === undefined ? undefined : toPerson(row);
}

/** Processes that start together write the same configuration down. */
export const oneAtATime = (tx: Db) => sql`select pg_advisory_xact_lock(hashtext('curfew configuration'))`.execute(tx);

/** Any number of transactions together, but none of those that go one at a time. */
export const meanwhileNobody = (tx: Db) => sql`select pg_advisory_xact_lock_shared(hashtext('curfew configuration'))`.execute(tx);

export function toPerson(row: { id: string; email: string }): Person {
  const id = parsePersonId(row.id);
  const email = parseEmail(row.email);
  if (id === undefined || email === undefined) throw new Error('a person is stored with an id or address that cannot exist');
  return { id, email };
}
