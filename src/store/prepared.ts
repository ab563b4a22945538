import { createHash } from 'node:crypto';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** How often a text is sent before it is worth preparing. With the next two: as the drivers of Java and Python have it. */
const worthAfter = 5;
/** So many each connection keeps at most. */
const mostPrepared = 256;
/** Of so many texts it is counted how often they are sent; of more, those that were sent longest ago are forgotten. */
const mostCounted = 1_024;

/** Gives a name to a text once it is worth one; undefined: it is sent as it is. */
export type Names = (text: string) => string | undefined;

export function createNames(): Names {
  const names = new Map<string, string>();
  const sent = new Map<string, number>();
  return (text) => {
    const name = names.get(text);
    if (name !== undefined) return name;
    if (names.size >= mostPrepared || mayChangeShape(text)) return undefined;
    const times = (sent.get(text) ?? 0) + 1;
    sent.delete(text);
    if (times > worthAfter) {
      names.set(text, `k-${createHash('sha256').update(text).digest('base64url').slice(0, 32)}`);
      return names.get(text);
    }
    sent.set(text, times);
    const [oldest] = sent.keys();
    if (sent.size > mostCounted && oldest !== undefined) sent.delete(oldest);
    return undefined;
  };
}

/** What says "all columns" has one more after a migration of a newer release, and PostgreSQL refuses a prepared statement whose shape changed. */
const mayChangeShape = (text: string): boolean => /\.\*|\b(?:select|returning)\s+\*/i.test(text);

/**
 * The pool as kysely takes it, which sends texts without names: whatever is sent often is prepared once on each connection, so that it is
 * planned once. Planning is most of what our wider statements cost.
 */
export function preparing(pool: pg.Pool): PostgresPool {
  const nameOf = createNames();
  // Kysely tells connections apart by their object.
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect();
      const made = known.get(client) ?? wrap(client, nameOf);
      known.set(client, made);
      return made;
    },
    end: () => pool.end(),
  };
}

function wrap(client: pg.PoolClient, nameOf: Names): PostgresPoolClient {
  // Nothing is planned for what has no values: it begins or ends a transaction.
  const query = (text: string, values: readonly unknown[]): Promise<unknown> =>
    client.query({ text, values: [...values], name: values.length === 0 ? undefined : nameOf(text) });
  return {
    // Kysely asks for a cursor only where it was given some.
    query: query as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy),
  };
}
