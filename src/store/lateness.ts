import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { LatenessReads, LatenessReport } from '../app/lateness-store.ts';
import type { Org } from '../domain/ids.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';

type Row = { now: Date; since: Date; integration: string | null; ended: number; p50: number; p99: number; max: number };

const latelyDays = 30;
const keptMs = 5 * 60_000;
/** What failed would fail for the next one too: it reads all that has ended. */
const keptFailureMs = 60_000;
/** So long whoever draws waits for it where nothing is known yet. */
const waitMs = 1_000;

export function createLatenessReads(db: Db): LatenessReads {
  const kept = new Map<Org, { goodUntilMs: number; readonly report: Promise<LatenessReport> }>();
  const last = new Map<Org, LatenessReport>();
  /** Begins to read it again where it is too old. */
  const newest = (org: Org): Promise<LatenessReport> => {
    const known = kept.get(org);
    if (known !== undefined && performance.now() < known.goodUntilMs) return known.report;
    const report = readInTime(db, org);
    const entry = { goodUntilMs: performance.now() + keptMs, report };
    kept.set(org, entry);
    report.then(
      (read) => last.set(org, read),
      () => {
        entry.goodUntilMs = performance.now() + keptFailureMs;
        // Whoever draws is told that it failed, and not forever what was true before.
        last.delete(org);
      },
    );
    return report;
  };
  return {
    report: (org, days) => readReport(db, org, days),
    async lately(org) {
      const report = newest(org);
      const known = last.get(org);
      if (known !== undefined) return known;
      const over = new AbortController();
      const late = sleep(waitMs, undefined, { signal: over.signal }).catch(() => undefined);
      return Promise.race([report, late]).finally(() => over.abort());
    },
  };
}

/** The server gives it up before we do: a connection whose query we gave up is busy with it still, and others wait for theirs behind it. */
const readInTime = (db: Db, org: Org): Promise<LatenessReport> =>
  db.transaction().execute(async (tx) => {
    await sql`set local statement_timeout = '10s'`.execute(tx);
    return readReport(tx, org, latelyDays);
  });

async function readReport(db: Db, org: Org, days: number): Promise<LatenessReport> {
  const { rows } = await sql<Row>`
    with span as materialized (select clock_timestamp() as now, clock_timestamp() - ${days} * interval '1 day' as since),
    gone as (
      select r.integration, greatest(round(extract(epoch from g.gone_at - g.end_at) * 1000), 0)::float8 as late
      from grants g join rights r on r.org = g.org and r.id = g.right_id
      where g.org = ${org} and g.gone_at >= (select since from span) and g.gone_at <= (select now from span) and g.left_in_place is null and g.untouched is null),
    each as (
      select integration, count(*)::int as ended, max(late) as max,
        percentile_disc(0.5) within group (order by late) as p50, percentile_disc(0.99) within group (order by late) as p99
      from gone group by integration)
    select span.now, span.since, each.* from span left join each on true order by integration`.execute(db);
  const [first] = rows;
  if (first === undefined) throw new Error('the database did not tell the time');
  return {
    since: instant(first.since.getTime()),
    until: instant(first.now.getTime()),
    integrations: rows.flatMap(({ integration, ended, p50, p99, max }) =>
      integration === null ? [] : [{ integration, ended, p50Ms: p50, p99Ms: p99, maxMs: max }],
    ),
  };
}
