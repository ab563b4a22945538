import type { Migration } from 'kysely/migration';
import * as first from './0001-first.ts';

/** In order; a released migration is never edited, only followed. */
export const migrations: Record<string, Migration> = { '0001-first': first };
