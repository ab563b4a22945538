import { sql } from 'kysely';
import type { StepStore, StepWrites } from '../app/steps-store.ts';
import { parseRequestId } from '../domain/ids.ts';
import type { Db } from './database.ts';
import { auditFrom, notifyFrom } from './journal.ts';

export const createStepWrites = (tx: Db): StepWrites => ({
  requestOf: createSteps(tx).requestOf,
  async begin(actor, org, execution, request) {
    await sql`with begun as (
        insert into steps (org, execution, request_id) values (${org}, ${execution}, ${request})
        on conflict do nothing returning org, request_id, null::uuid as grant_id, execution),
      told as (${notifyFrom('begun')})
      ${auditFrom('begun', 'step.begun', actor, sql`jsonb_build_object('execution', execution)`)}`.execute(tx);
  },
});

export const createSteps = (db: Db): StepStore => ({
  async requestOf(org, execution) {
    const { rows } = await sql<{ id: string }>`
      select request_id as id from steps where org = ${org} and execution = ${execution}`.execute(db);
    return rows[0] === undefined ? undefined : parseRequestId(rows[0].id);
  },
  async waiting(org, request) {
    const { rows } = await sql<{ execution: string }>`
      select execution from steps where org = ${org} and request_id = ${request} and told_at is null order by execution`.execute(db);
    return rows.map(({ execution }) => execution);
  },
  async keepTold(org, execution) {
    await sql`update steps set told_at = clock_timestamp() where org = ${org} and execution = ${execution} and told_at is null`.execute(db);
  },
});
