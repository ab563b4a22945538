import { z } from 'zod';
import type { Answer } from './openapi-answers.ts';
import { parse } from './openapi-answers.ts';
import type { Operation } from './openapi-document.ts';

/** Stands in a generated request for something that exists, which only the running test knows. */
export class Chosen {
  readonly pool: string;
  readonly nth: number;
  constructor(pool: string, nth: number) {
    this.pool = pool;
    this.nth = nth;
  }
}

const kept = 20;
const deepest = 4;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const record = z.record(z.string(), z.unknown());

/** The pool of a path's parameter: everything under one collection shares it. */
export const poolOf = (path: string, parameter: string): string => `${path.slice(0, path.indexOf(`/{${parameter}}`))}|${parameter}`;

/** Ids, names and versions that answers have shown, the newest kept, by where they were seen and by what they are called. */
export class Pools {
  readonly #pools = new Map<string, string[]>();

  add(pool: string, value: string): void {
    const values = this.#pools.get(pool) ?? [];
    this.#pools.set(pool, [...values.filter((each) => each !== value), value].slice(-kept));
  }

  /** After which only what is learned anew is known. */
  forget(): void {
    this.#pools.clear();
  }

  /** Of what is known by this name, or failing that of what has the last word of it for a name (`currentVersion`, `version`). */
  pick({ pool, nth }: Chosen): string | undefined {
    const name = pool.split('|').at(-1) ?? pool;
    const values = [pool, name, lastWord(name)].map((each) => this.#pools.get(each)).find((each) => each !== undefined) ?? [];
    return values.at(-1 - (nth % Math.max(1, values.length)));
  }

  /** An id that stands under that very path; names are everybody's. */
  pickId({ pool, nth }: Chosen): string | undefined {
    const ids = (this.#pools.get(pool) ?? []).filter((each) => uuid.test(each));
    return ids.at(-1 - (nth % Math.max(1, ids.length)));
  }

  /** Remembers what a success shows, and under which parameters of its path it was one. */
  learn(operation: Operation, values: Readonly<Record<string, string>>, answer: Answer): void {
    if (answer.status >= 300 || operation.method === 'DELETE') return;
    for (const [name, value] of Object.entries(values)) {
      if (name !== 'org' && operation.path.includes(`{${name}}`)) this.add(poolOf(operation.path, name), value);
    }
    // Newest first in every list, so that they come last here.
    this.#learnFrom(operation.path, parse(answer.body)?.value, deepest);
  }

  #learnFrom(path: string, value: unknown, depth: number): void {
    if (depth === 0 || typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const each of value.slice(0, kept).toReversed()) this.#learnFrom(path, each, depth - 1);
      return;
    }
    for (const [name, member] of Object.entries(record.parse(value))) {
      if ((typeof member === 'string' && member !== '') || typeof member === 'number') {
        this.add(`${path}|${name}`, String(member));
        this.add(name, String(member));
      } else this.#learnFrom(path, member, depth - 1);
    }
  }
}

const lastWord = (name: string): string => (name.match(/[A-Z]?[a-z]+$/)?.[0] ?? name).toLowerCase();

/** The generated value with everything that is to be {@link Chosen} in its place. */
export function resolve(value: unknown, pools: Pools): unknown {
  if (value instanceof Chosen) return pools.pick(value) ?? 'nothing-is-known';
  if (Array.isArray(value)) return value.map((each) => resolve(each, pools));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member, pools)]));
}
