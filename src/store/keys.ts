import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { ApiKey, KeyReads, KeyWrites } from '../app/keys-store.ts';
import { apiKeyOf, mostKeys } from '../domain/api-key.ts';
import { type Email, type Org, parseEmail } from '../domain/ids.ts';
import { isScope } from '../domain/scope.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';

/** Keys are 128 random bits or more, so a plain SHA-256 is enough: there is nothing to guess. */
export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const createKeyReads = (db: Db): KeyReads => ({ list: (org) => readKeys(db, org) });

/** Each change and its event are one statement. */
export function createKeyWrites(tx: Db): KeyWrites {
  return {
    async add(actor, { org, name, owner, createdBy, keyMakers, scopes, life }) {
      // Makers go one after the other, or two could both be the last that fits.
      await sql`select pg_advisory_xact_lock(hashtext('curfew api keys'), hashtext(${org}))`.execute(tx);
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from api_keys
        where org = ${org} and revoked_at is null`.execute(tx);
      if ((rows[0]?.count ?? 0) >= mostKeys) return undefined;
      const key = apiKeyOf(randomBytes(32).toString('base64url'));
      const id = uuidv7();
      await sql`with k as (
          insert into api_keys (org, id, hash, person_id, label, name, scopes, created_by, key_makers, created_at, expires_at)
          select ${org}, ${id}::uuid, ${hashKey(key)}, ${owner.id}::uuid, 'api', ${name}, ${[...scopes]}::text[], ${createdBy.id}::uuid, ${[...keyMakers]}::uuid[],
            at, at + ${life} * interval '1 second' from (select clock_timestamp() as at) as clock
          returning *),
        told as (select org, null::uuid as request_id, null::uuid as grant_id, id, name, scopes, expires_at, ${owner.email}::text as owner from k)
        ${auditFrom('told', 'key.created', actor, told)}`.execute(tx);
      const [record] = await readKeys(tx, org, id);
      if (record === undefined) throw new Error('a key that was just made is not there');
      return { key, record };
    },
    async revoke(actor, org, id) {
      if (!uuid.test(id)) return false;
      const { numAffectedRows } = await sql`with k as (
          update api_keys set revoked_at = clock_timestamp() where org = ${org} and id = ${id}::uuid and revoked_at is null returning *),
        told as (select k.org, null::uuid as request_id, null::uuid as grant_id, k.id, k.name, k.scopes, k.expires_at, people.email as owner
          from k join people on people.org = k.org and people.id = k.person_id)
        ${auditFrom('told', 'key.revoked', actor, told)}`.execute(tx);
      return numAffectedRows === 1n;
    },
  };
}

/** What events tell of a key, and never more. */
export const told = sql`jsonb_build_object('key', id, 'name', name, 'owner', owner, 'scopes', scopes, 'expiresAt', expires_at)`;

async function readKeys(db: Db, org: Org, id?: string): Promise<readonly ApiKey[]> {
  const rows = await db
    .selectFrom('api_keys')
    .innerJoin('people as owner', (join) => join.onRef('owner.org', '=', 'api_keys.org').onRef('owner.id', '=', 'api_keys.person_id'))
    .leftJoin('people as maker', (join) => join.onRef('maker.org', '=', 'api_keys.org').onRef('maker.id', '=', 'api_keys.created_by'))
    .select([
      'api_keys.id',
      'name',
      'scopes',
      'api_keys.created_at',
      'expires_at',
      'last_used_at',
      'owner.email as owner',
      'maker.email as maker',
    ])
    .select(sql<boolean>`coalesce(expires_at <= clock_timestamp(), false)`.as('expired'))
    .where('api_keys.org', '=', org)
    .where('revoked_at', 'is', null)
    .$if(id !== undefined, (query) => query.where('api_keys.id', '=', id ?? ''))
    .orderBy('api_keys.created_at', 'desc')
    .orderBy('api_keys.id', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    owner: addressOf(row.owner),
    scopes: row.scopes.filter(isScope),
    createdAt: instant(row.created_at.getTime()),
    createdBy: row.maker === null ? undefined : addressOf(row.maker),
    expiresAt: row.expires_at === null ? undefined : instant(row.expires_at.getTime()),
    expired: row.expired,
    lastUsedAt: row.last_used_at === null ? undefined : instant(row.last_used_at.getTime()),
  }));
}

function addressOf(text: string): Email {
  const email = parseEmail(text);
  if (email === undefined) throw new Error('a person is stored with an address that cannot exist');
  return email;
}
