import { accept, reject, type Result } from '../domain/result.ts';

/** The id that a cursor of {@link toPage} stands for; undefined inside without a cursor. Refuses anything else. */
export function readCursor<Id extends string>(cursor: string | undefined, parse: (text: string) => Id | undefined): Result<Id | undefined> {
  if (cursor === undefined) return accept(undefined);
  const id = parse(Buffer.from(cursor, 'base64url').toString('latin1'));
  return id === undefined ? reject({ code: 'invalid-value', field: 'cursor', why: 'Not a cursor of this listing.' }) : accept(id);
}

/** A page of `limit` items, made of a listing that was asked for one more. */
export function toPage<T extends { readonly id: string }, J>(
  found: readonly T[],
  limit: number,
  dress: (item: T) => J,
): { items: J[]; nextCursor: string | null } {
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(dress), nextCursor: last === undefined ? null : Buffer.from(last.id).toString('base64url') };
}
