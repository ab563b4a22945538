/** What a start takes over from the configuration. Each change is an event; a start that changes nothing writes none. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Actor } from '../app/store.ts';
import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import { everyScope } from '../domain/scope.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { hashKey, told } from './keys.ts';
import { findOrAddPerson, oneAtATime } from './people.ts';
import { createSettingsWrites } from './settings.ts';

const system: Actor = { kind: 'system' };

/**
 * Makes `key` the one bootstrap key of the organisation, owned by `owner`, with every scope; undefined removes it. One that
 * was revoked stays so: the next start must not bring it back.
 */
export async function setBootstrapKey(db: Db, org: Org, owner: Email, key: string | undefined): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await oneAtATime(tx);
    const hash = key === undefined ? undefined : hashKey(key);
    await removeOthers(tx, org, hash);
    if (hash !== undefined) await keep(tx, org, owner, hash);
  });
}

async function removeOthers(tx: Db, org: Org, hash: Buffer | undefined): Promise<void> {
  await sql`with k as (
      delete from api_keys where org = ${org} and label = 'bootstrap' and revoked_at is null and hash is distinct from ${hash ?? null}::bytea
      returning *),
    told as (select k.org, null::uuid as request_id, null::uuid as grant_id, k.id, k.name, k.scopes, k.expires_at, people.email as owner
      from k join people on people.org = k.org and people.id = k.person_id)
    ${auditFrom('told', 'key.revoked', system, told)}`.execute(tx);
}

/** A key that is stored under this hash already keeps its id. */
async function keep(tx: Db, org: Org, owner: Email, hash: Buffer): Promise<void> {
  const person = await findOrAddPerson(tx, org, owner);
  const scopes = sql`${[...everyScope]}::text[]`;
  await sql`with k as (
      insert into api_keys (org, id, hash, person_id, label, scopes)
      values (${org}, ${uuidv7()}::uuid, ${hash}, ${person.id}::uuid, 'bootstrap', ${scopes})
      on conflict (hash) do nothing returning *),
    told as (select org, null::uuid as request_id, null::uuid as grant_id, id, name, scopes, expires_at, ${person.email}::text as owner from k)
    ${auditFrom('told', 'key.created', system, told)}`.execute(tx);
  await sql`with former as (
      select k.org, k.id, k.scopes, people.email as owner from api_keys k join people on people.org = k.org and people.id = k.person_id
      where k.org = ${org} and k.hash = ${hash} and k.label = 'bootstrap' and k.revoked_at is null
        and (k.person_id <> ${person.id}::uuid or k.scopes <> ${scopes})),
    k as (
      update api_keys set person_id = ${person.id}::uuid, scopes = ${scopes} from former
      where api_keys.org = former.org and api_keys.id = former.id
      returning api_keys.*, former.owner as former_owner, former.scopes as former_scopes),
    told as (select org, null::uuid as request_id, null::uuid as grant_id, id, name, scopes, expires_at, ${person.email}::text as owner,
      former_owner, former_scopes from k)
    ${auditFrom(
      'told',
      'key.changed',
      system,
      sql`${told} || jsonb_build_object('before', jsonb_build_object('owner', former_owner, 'scopes', former_scopes))`,
    )}`.execute(tx);
}

/** The database is another organisation's: its workers would take that one's rights for their own. */
export class OtherOrg extends Error {
  override readonly name = 'OtherOrg';
}

/**
 * I11: what falls due is claimed by whoever works on the database, at the targets that it has. The first organisation keeps it.
 * @throws {@link OtherOrg}
 */
export async function keepToOneOrg(db: Db, org: Org): Promise<void> {
  await sql`insert into installation (org) values (${org}) on conflict do nothing`.execute(db);
  const { rows } = await sql<{ org: string }>`select org from installation where org <> ${org}`.execute(db);
  const [other] = rows;
  if (other !== undefined)
    throw new OtherOrg(
      `This database belongs to the organisation “${other.org}”. Give “${org}” one of its own: DATABASE_URL, or CURFEW_DATA_DIR where it is embedded.`,
    );
}

/** Makes the bindings that come from the configuration exactly these; those made through the API stay. */
export async function bindConfiguredRoles(db: Db, org: Org, roles: { owner: readonly Email[]; manager: readonly Email[] }): Promise<void> {
  const wanted = (['owner', 'manager'] as const).flatMap((role) =>
    [...new Set(roles[role].map(canonicalEmail))].map((canonical) => ({ role, canonical })),
  );
  const given = sql`jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as given (role text, canonical text)`;
  const told = sql`jsonb_build_object('role', role, 'user', canonical, 'source', 'configuration')`;
  await db.transaction().execute(async (tx) => {
    await oneAtATime(tx);
    const gone = await sql`with b as (
        delete from role_bindings where org = ${org} and source = 'configuration' and (role, canonical) not in (select role, canonical from ${given})
        returning *, null::uuid as request_id, null::uuid as grant_id)
      ${auditFrom('b', 'role.unbound', system, told)}`.execute(tx);
    const made = await sql`with b as (
        insert into role_bindings (org, role, canonical, source) select ${org}, role, canonical, 'configuration' from ${given}
        on conflict do nothing returning *, null::uuid as request_id, null::uuid as grant_id)
      ${auditFrom('b', 'role.bound', system, told)}`.execute(tx);
    if (![gone, made].some(({ numAffectedRows }) => (numAffectedRows ?? 0n) > 0n)) return;
    const settings = createSettingsWrites(tx);
    await settings.lock(org);
    await settings.count(org);
  });
}
