import type { Migration } from 'kysely/migration';
import * as first from './0001-first.ts';
import * as preApprovals from './0006-pre-approvals.ts';
import * as keys from './0002-keys.ts';

/** In order; a released migration is never edited, only followed. */
export const migrations: Record<string, Migration> = { '0001-first': first, '0006-pre-approvals': preApprovals, '0002-keys': keys };
