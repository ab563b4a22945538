import type { Hub } from '../hub.ts';
import { type Json, textOf } from '../json.ts';
import type { Refusal } from '../modals.ts';

/** One method of the Web API: arguments as they came (form posts carry strings), the answer as it goes. */
export type Method = (hub: Hub, args: Json) => (Json & { ok: true }) | Refusal;

export function refuse(error: string, messages?: string[]): Refusal {
  return messages === undefined ? { ok: false, error } : { ok: false, error, messages };
}

export function missing(name: string): Refusal {
  return refuse('invalid_arguments', [`[ERROR] missing required field: ${name}`]);
}

/** A page of a list: `cursor` is ours to read, `limit` is Slack's (100 unless asked, 1000 at most). */
export function page<T>(all: readonly T[], args: Json): { items: T[]; next_cursor: string } | Refusal {
  const limit = Number(args['limit'] ?? 100);
  if (!Number.isInteger(limit) || limit < 0 || limit > 1000) return refuse('invalid_limit');
  const cursor = textOf(args['cursor']);
  const start = cursor === '' ? 0 : Number(Buffer.from(cursor, 'base64url').toString().replace('next:', ''));
  if (!Number.isInteger(start) || start < 0 || start > all.length) return refuse('invalid_cursor');
  const end = start + (limit === 0 ? 100 : limit);
  return { items: all.slice(start, end), next_cursor: end < all.length ? Buffer.from(`next:${end}`).toString('base64url') : '' };
}
