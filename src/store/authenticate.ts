import type pg from 'pg';
import type { Bearer } from '../app/store.ts';
import { isMistypedKey } from '../domain/api-key.ts';
import { type Org, parsePersonId, type PersonId } from '../domain/ids.ts';
import { isScope } from '../domain/scope.ts';
import { coalesce } from './coalesce.ts';
import { hashKey } from './keys.ts';
import { type OutlookRow, outlookColumns, toOutlook } from './outlook.ts';
import { perOrg } from './per-org.ts';
import { toPerson } from './people.ts';

type Row = OutlookRow & {
  readonly hash: Buffer;
  readonly id: string;
  readonly email: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly created_by: string | null;
  readonly key_makers: readonly string[];
  readonly stale: boolean;
};

const valid = `select k.hash, p.id, p.email, k.id as key, k.scopes, k.created_by, k.key_makers,
    k.last_used_at is null or k.last_used_at < clock_timestamp() - interval '1 minute' as stale, ${outlookColumns('$1', 'p.canonical')}
  from api_keys k join people p on p.org = k.org and p.id = k.person_id
  where k.org = $1 and k.hash = any($2::bytea[]) and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())`;

/** Whoever holds the row at this moment writes it down, or takes the key away: neither is worth waiting for. */
const used = `update api_keys set last_used_at = clock_timestamp() where (org, id) in
  (select org, id from api_keys where org = $1 and id = $2 for no key update skip locked)`;

function personIdOf(text: string): PersonId {
  const id = parsePersonId(text);
  if (id === undefined) throw new Error('a key is stored with a maker that cannot exist');
  return id;
}

/** As many keys as one statement looks up. */
const most = 64;
const patienceMs = 25;

/**
 * The owner of a valid API key, and what the key may be used for; undefined for any other text. Calls that come while keys
 * are being looked up share the next statement: each is judged by how things stand after it came.
 */
export function createAuthenticate(pool: pg.Pool): (org: Org, key: string) => Promise<Bearer | undefined> {
  const lookUp = perOrg((org) => coalesce((hashes: readonly Buffer[]) => readKeys(pool, org, hashes), { most, patienceMs }));
  return async (org, key) => {
    if (isMistypedKey(key)) return undefined;
    const row = await lookUp(org)(hashKey(key));
    if (row === undefined) return undefined;
    if (row.stale) await pool.query(used, [org, row.key]);
    const makers = row.created_by === null ? row.key_makers : [row.created_by, ...row.key_makers];
    return {
      person: toPerson(row),
      scopes: new Set(row.scopes.filter(isScope)),
      key: row.key,
      keyMakers: [...new Set(makers)].map(personIdOf),
      outlook: toOutlook(row),
    };
  };
}

async function readKeys(pool: pg.Pool, org: Org, hashes: readonly Buffer[]): Promise<readonly (Row | undefined)[]> {
  const asked = hashes.map((hash) => hash.toString('base64'));
  const each = new Map(asked.map((name, at) => [name, hashes[at]]));
  const { rows } = await pool.query<Row>({ name: 'authenticate', text: valid, values: [org, [...each.values()]] });
  const found = new Map(rows.map((row) => [row.hash.toString('base64'), row]));
  return asked.map((name) => found.get(name));
}
