import type { Db } from './database.ts';

const undone = new Error('refused, so nothing of it stays');

/**
 * A transaction that stays only if its work was accepted. What comes to a refusal is rolled back, whatever was written on
 * the way: a refused call changes nothing.
 */
export async function allOrNothing<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  let refused: { readonly result: T } | undefined;
  try {
    return await db.transaction().execute(async (tx) => {
      const result = await work(tx);
      if (!isRefusal(result)) return result;
      refused = { result };
      throw undone;
    });
  } catch (error) {
    if (error === undone && refused !== undefined) return refused.result;
    throw error;
  }
}

export const isRefusal = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && 'ok' in result && result.ok === false;
