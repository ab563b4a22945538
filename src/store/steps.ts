import { sql } from 'kysely';
import type { FailedStep, StepStore, StepWrites } from '../app/steps-store.ts';
import type { Db } from './database.ts';
import { auditFrom, notifyFrom } from './journal.ts';

/** Whoever built the workflow has seen by then that it hangs. */
const triedFor = sql`interval '7 days'`;
/** Longer than a call to Slack takes. */
const triedAgainIn = sql`interval '30 seconds'`;

export const createStepWrites = (tx: Db): StepWrites => ({
  isKnown: createSteps(tx).isKnown,
  async begin(actor, org, execution, request) {
    await sql`with begun as (
        insert into steps (org, execution, request_id) values (${org}, ${execution}, ${request})
        on conflict do nothing returning org, request_id, null::uuid as grant_id, execution),
      told as (${notifyFrom('begun')})
      ${auditFrom('begun', 'step.begun', actor, sql`jsonb_build_object('execution', execution)`)}`.execute(tx);
  },
});

export const createSteps = (db: Db): StepStore => ({
  async isKnown(org, execution) {
    const { rows } = await sql`select from steps where org = ${org} and execution = ${execution}`.execute(db);
    return rows.length > 0;
  },
  async waiting(org, request) {
    const { rows } = await sql<{ execution: string }>`
      select execution from steps where org = ${org} and request_id = ${request} and told_at is null order by execution`.execute(db);
    return rows.map(({ execution }) => execution);
  },
  async keepTold(org, execution) {
    await sql`update steps set told_at = clock_timestamp() where org = ${org} and execution = ${execution} and told_at is null`.execute(db);
  },
  async fail(org, { execution, why }) {
    await sql`insert into steps (org, execution, why, failed_at, try_at)
      values (${org}, ${execution}, ${why}, clock_timestamp(), clock_timestamp()) on conflict do nothing`.execute(db);
  },
  async takeFailed(org) {
    const { rows } = await sql<FailedStep>`update steps set try_at = clock_timestamp() + ${triedAgainIn}
      where org = ${org} and execution = (
        select execution from steps where org = ${org} and why is not null and told_at is null
          and try_at <= clock_timestamp() and failed_at > clock_timestamp() - ${triedFor}
        order by try_at limit 1 for update skip locked)
      returning execution, why`.execute(db);
    return rows[0];
  },
});
