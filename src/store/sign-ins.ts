import { type RawBuilder, sql } from 'kysely';
import type { OpenSignIn, SignedIn, SignedLink, SignInStore } from '../app/sign-in-store.ts';
import { type Org, parseEmail } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { Db } from './database.ts';
import { addLinkNotice } from './link-notices.ts';
import { addLink } from './linked-accounts.ts';
import { findOrAddPerson, findPerson, linkedPerson } from './people.ts';

/** Whoever asks for more links than this within ten minutes has no use for the first of them. */
const mostOpen = 5;

type Row = {
  workspace: string;
  user_id: string;
  shown_workspace: string;
  shown_name: string;
  shown_email: string | null;
  issuer: string | null;
  subject: string | null;
  email: string | null;
};
const columns = sql`workspace, user_id, shown_workspace, shown_name, shown_email, issuer, subject, email`;
const isOpen = sql`expires_at > clock_timestamp()`;

export const createSignIns = (db: Db): SignInStore => ({
  async open(org, token, { workspace, user }, shown) {
    await sql`delete from sign_ins where org = ${org} and (not (${isOpen}) or token in (
      select token from sign_ins where org = ${org} and workspace = ${workspace} and user_id = ${user}
      order by expires_at desc offset ${mostOpen - 1}))`.execute(db);
    await sql`insert into sign_ins (org, token, workspace, user_id, shown_workspace, shown_name, shown_email)
      values (${org}, ${token}, ${workspace}, ${user}, ${shown.workspace}, ${shown.name}, ${shown.email ?? null})`.execute(db);
  },
  async read(org, by) {
    const { rows } = await sql<Row>`select ${columns} from sign_ins where org = ${org} and ${named(by)} and ${isOpen}`.execute(db);
    return rows[0] && toSignIn(rows[0]);
  },
  async begin(org, token, browser) {
    const { numAffectedRows } = await sql`update sign_ins set browser = ${browser}, issuer = null, subject = null, email = null
      where org = ${org} and token = ${token} and ${isOpen}`.execute(db);
    return numAffectedRows === 1n;
  },
  async sign(org, browser, { issuer, subject, email }) {
    const { numAffectedRows } = await sql`update sign_ins set issuer = ${issuer}, subject = ${subject}, email = ${email}
      where org = ${org} and browser = ${browser} and subject is null and ${isOpen}`.execute(db);
    return numAffectedRows === 1n;
  },
  link: (org, browser) => db.transaction().execute((tx) => link(tx, org, browser)),
});

const named = (by: { readonly token: string } | { readonly browser: string }): RawBuilder<unknown> =>
  'token' in by ? sql`token = ${by.token}` : sql`browser = ${by.browser}`;

function toSignIn(row: Row): OpenSignIn {
  const email = row.email === null ? undefined : parseEmail(row.email);
  const { issuer, subject } = row;
  return {
    account: { provider: 'slack', workspace: row.workspace, user: row.user_id },
    shown: { workspace: row.shown_workspace, name: row.shown_name, email: row.shown_email ?? undefined },
    signed: issuer === null || subject === null || email === undefined ? undefined : { issuer, subject, email },
  };
}

async function link(tx: Db, org: Org, browser: string): Promise<SignedLink> {
  const { rows } = await sql<Row>`delete from sign_ins
    where org = ${org} and browser = ${browser} and subject is not null and ${isOpen} returning ${columns}`.execute(tx);
  const { account, signed: by } = rows[0] === undefined ? { account: undefined, signed: undefined } : toSignIn(rows[0]);
  if (account === undefined || by === undefined) return { why: 'gone' };
  const person = await personOf(tx, org, by);
  if (person === 'two') return { why: 'other-person', by, person: undefined };
  const made = await addLink(tx, org, account, person, 'sign-in');
  if ('why' in made) return { ...made, by, person };
  await tx
    .insertInto('identities')
    .values({ org, provider: by.issuer, subject: by.subject, person_id: person.id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await addLinkNotice(tx, org, { account, email: person.email });
  return { person, account };
}

/** The provider's account stays the person it was linked to first; `two` where its address is somebody else's by now. */
async function personOf(tx: Db, org: Org, { issuer, subject, email }: SignedIn): Promise<Person | 'two'> {
  const linked = await linkedPerson(tx, org, { provider: issuer, subject });
  if (linked === undefined) return findOrAddPerson(tx, org, email);
  const other = await findPerson(tx, org, email);
  return other === undefined || other.id === linked.id ? linked : 'two';
}
