import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/support/free-port.ts';
import { type Engine, org, startEngine } from './engine.ts';
import { median } from './figures.ts';
import { giveMany, pendingEnds } from './many.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';

const active = Number(process.env['BENCH_PENDING'] ?? 1_000_000);
const fewer = 1_000;
const overdue = Number(process.env['BENCH_DUE'] ?? 10_000);
const pairs = 3;
const ackWithinMs = 2_000;
const firstWithinMs = 1_000;
const patienceMs = 120_000;
const main = path.resolve(import.meta.dirname, '../src/main.ts');

/** `ackMs`, `readyMs`: after the start. `firstMs`: from the first ack that is possible to the first that is seen gone. `rows`: of rights and grants, read. */
type Boot = { readonly ackMs: number; readonly readyMs: number; readonly firstMs: number; readonly rows: number };

/** P13: the process as it ships starts on a database with many grants that last and some that are overdue, beside one with few that last. */
export async function measureBoot(): Promise<void> {
  await using large = await startEngine(undefined, noOpTarget);
  await giveMany(large, 'active', active, pendingEnds(active));
  await using small = await startEngine(undefined, noOpTarget);
  await giveMany(small, 'active', fewer, pendingEnds(fewer));
  let start = 0;
  const boots: Boot[] = [];
  const ofSmall = async (): Promise<number> => {
    const boot = await bootOn(small, `over${start++}`);
    smalls.push(boot);
    return boot.ackMs;
  };
  const smalls: Boot[] = [];
  const measured = await measurePairs(
    ofSmall,
    async () => {
      const boot = await bootOn(large, `over${start++}`);
      boots.push(boot);
      return boot;
    },
    pairs,
  );
  const of = (from: readonly Boot[], pick: (boot: Boot) => number): number => median(from.map(pick));
  const row = (label: string, from: readonly Boot[]): void =>
    console.log(
      `  ${label.padEnd(29)}answers after ${of(from, ({ ackMs }) => ackMs).toFixed(0)} ms, all ${overdue} overdue tried after ${of(from, ({ readyMs }) => readyMs).toFixed(0)} ms, ${of(from, ({ rows }) => rows / overdue).toFixed(1)} rows read for each`,
    );
  row(`${active} active`, boots);
  row(`${fewer} active`, smalls);
  printRatio(
    'answers, many ÷ few',
    measured.map(({ reference, ours }) => ours.ackMs / reference),
    { atMost: 1.5 },
  );
  printRatio('rows read, many ÷ few', [of(boots, ({ rows }) => rows) / of(smalls, ({ rows }) => rows)], { atMost: 1.5 });
  const judge = (label: string, ms: number, goalMs: number): void =>
    console.log(`  ${label.padEnd(29)}${ms.toFixed(0)} ms   goal ≤ ${goalMs} ms → ${ms <= goalMs ? 'met' : 'MISSED'}`);
  judge(
    'start to answering',
    of(boots, ({ ackMs }) => ackMs),
    ackWithinMs,
  );
  judge(
    'then to the first one gone',
    of(boots, ({ firstMs }) => firstMs),
    firstWithinMs,
  );
}

async function bootOn(engine: Engine, tag: string): Promise<Boot> {
  await giveMany(engine, tag, overdue, { first: Math.floor(Date.now() / 1000) - 60, together: overdue, every: 0 });
  const before = await rowsRead(engine);
  const port = await freePort();
  const startedMs = Date.now();
  const child = launch(engine, port);
  try {
    const seen = await watch(child, port);
    const read = (await stopAndCount(child, engine)) - before;
    // Only now: it reads grants too.
    const { rows } = await engine.pool.query<{ at: number }>(
      `select (extract(epoch from min(gone_at)) * 1000)::float8 as at from grants where org = $1 and gone_at >= to_timestamp($2::float8 / 1000)`,
      [org, startedMs],
    );
    const first = rows[0]?.at ?? Number.NaN;
    return { ackMs: seen.ackMs - startedMs, readyMs: seen.readyMs - startedMs, firstMs: Math.max(0, first - seen.ackMs), rows: read };
  } finally {
    child.kill('SIGKILL');
  }
}

function launch({ url, sampleUrl }: Engine, port: number): ChildProcess {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-boot-'));
  writeFileSync(
    path.join(folder, 'curfew.yaml'),
    `org: bench
owners: [alice@example.com]
slack: { approvals: approvals }
integrations:
  - { service: pg, name: sample, url: "\${SAMPLE_DATABASE_URL}", roles: [readonly], user: "{local}" }
`,
  );
  return spawn(process.execPath, [main], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: String(port),
      DATABASE_URL: url,
      SAMPLE_DATABASE_URL: sampleUrl,
      CURFEW_SLACK: 'local',
      CURFEW_CONFIG: 'curfew.yaml',
      CURFEW_DATA_DIR: path.join(folder, 'data'),
      CURFEW_SECRET_KEY: randomBytes(32).toString('base64'),
      LOG_LEVEL: 'error',
    },
  });
}

type Ready = { readonly ready: boolean; readonly checks: Readonly<Record<string, { readonly ok: boolean }>> };

/** When the process could acknowledge for the first time, and when it had tried all that was overdue; ms since 1970. */
async function watch(child: ChildProcess, port: number): Promise<{ readonly ackMs: number; readonly readyMs: number }> {
  const started = performance.now();
  let ackMs: number | undefined;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}`);
    if (performance.now() - started > patienceMs) throw new Error('the process was never ready');
    // Nobody listens yet.
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    // The port is open a little before the API is behind it.
    const text = (await answer?.text()) ?? '';
    const seen = text.startsWith('{') ? (JSON.parse(text) as Ready) : undefined;
    if (seen?.checks['database']?.ok === true && seen.checks['slack']?.ok === true) ackMs ??= Date.now();
    if (seen?.ready === true && ackMs !== undefined) return { ackMs, readyMs: Date.now() };
    await sleep(20);
  }
}

async function stopAndCount(child: ChildProcess, engine: Engine): Promise<number> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return rowsRead(engine);
}

/** Of rights and grants, by whom ever. */
async function rowsRead({ pool }: Engine): Promise<number> {
  // A connection tells what it has read when it closes, or after ten idle seconds.
  await sleep(12_000);
  const { rows } = await pool.query<{ count: string }>(
    `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as count from pg_stat_user_tables where relname in ('rights', 'grants')`,
  );
  return Number(rows[0]?.count);
}
