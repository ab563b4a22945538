import type pg from 'pg';

const firstMs = 1_000;
const longestMs = 60_000;

/**
 * Has what is prepared on the connections of a pool planned anew when the connection is twice as old as the last time, and each minute in
 * the end. PostgreSQL does so by itself only once it has counted the rows, a minute or more after they came: a plan that was made for empty
 * tables would meanwhile try every row with every other.
 */
export function renewPlans(pool: pg.Pool, nowMs: () => number = () => performance.now()): void {
  const plans = new WeakMap<pg.PoolClient, { readonly sinceMs: number; readonly dueMs: number }>();
  pool.on('acquire', (client) => {
    const now = nowMs();
    const known = plans.get(client);
    if (known !== undefined && now < known.dueMs) return;
    const sinceMs = known?.sinceMs ?? now;
    plans.set(client, { sinceMs, dueMs: now + Math.min(Math.max(now - sinceMs, firstMs), longestMs) });
    // Before what it was acquired for. Where the connection is broken, that fails too, and tells.
    if (known !== undefined) client.query('discard plans').catch(() => undefined);
  });
}
