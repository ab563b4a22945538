import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import { posted } from '../support/posted.ts';
import { approvalOf, buttonsOf, textOf } from '../support/journey.ts';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';
import { testDatabase } from '../support/postgres.ts';

// The whole product as its own process, killed with -9 between what happens and its being told in Slack, which stays up.

const main = path.resolve(import.meta.dirname, '../../src/main.ts');
const secretKey = randomBytes(32).toString('base64');
let stack: AsyncDisposableStack;
let slack: LocalSlack;
let pool: pg.Pool;
let folder: string;
let databaseUrl: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  slack = stack.use(await startLocalSlack());
  const database = stack.use(await testDatabase());
  databaseUrl = database.url;
  pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  // The database is dropped as soon as a test is over.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  pool.on('error', () => undefined);
  stack.defer(() => pool.end());
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-slack-kill-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const target = `{ service: pg, name: sample, url: "postgres://nobody@127.0.0.1:9/nothing", roles: [readonly], user: "{local}" }`;
  await writeFile(
    path.join(folder, 'curfew.yaml'),
    `org: demo\nowners: [alice@example.com]\nreviewers: [carol@example.com]\nintegrations:\n  - ${target}\n`,
  );
});
afterEach(async () => {
  await kill();
  await stack.disposeAsync();
});

async function start(): Promise<void> {
  const started = spawn(process.execPath, [main], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: databaseUrl,
      CURFEW_CONFIG: 'curfew.yaml',
      CURFEW_DATA_DIR: path.join(folder, 'data'),
      CURFEW_SECRET_KEY: secretKey,
      SLACK_API_URL: `${slack.url}/sandbox/slack/api/`,
      SLACK_BOT_TOKEN: TOKENS.botToken,
      SLACK_APP_TOKEN: TOKENS.appToken,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let output = '';
  for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect
    .poll(
      () => {
        if (started.exitCode !== null) throw new Error(`it ended (${started.exitCode}): ${output}`);
        return slack.workspace.isSocketOpen();
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe(true);
}

/** With -9, and with the leases that it held over: the time for that has passed. */
async function kill(): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child?.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  await slack.workspace.until(() => !slack.workspace.isSocketOpen());
  await pool.query(`update requests set notice_lease_until = now() - interval '1 second' where notice_lease_until is not null`);
  await pool.query(`update outbox set sent_at = sent_at - interval '1 minute'`);
}

const ask = (reason: string) => slack.workspace.as('bob').command(`/access request pg role readonly --reason "${reason}" --duration 1h`);
const rows = async <T extends pg.QueryResultRow>(query: string): Promise<T[]> => (await pool.query<T>(query)).rows;
const settled = () =>
  expect
    .poll(() => rows(`select subject::text from outbox where kind = 'notify' union all select slot from posting_attempts`), {
      timeout: 60_000,
      interval: 100,
    })
    .toEqual([]);
const postings = () =>
  posted(slack)
    .map(({ posting }) => posting)
    .toSorted();
const fail = (method: string, fault: Fault | undefined) => slack.workspace.faults.every(method, fault);

it('redraws after the next start what was decided before the end', async () => {
  await start();
  await ask('decided');
  const approval = await approvalOf(slack.workspace, 'decided');
  await settled();
  for (const method of ['chat.update', 'chat.postMessage']) fail(method, { status: 500 });
  const [decided] = await rows<{ id: string }>(`select id from requests`);
  await slack.workspace.as('carol').command(`/access deny ${decided?.id}`);
  await expect.poll(() => rows(`select 1 from requests where state = 'denied'`), { timeout: 20_000 }).toHaveLength(1);
  expect(buttonsOf(approval)).toContain('approve');
  await kill();
  for (const method of ['chat.update', 'chat.postMessage']) fail(method, undefined);

  await start();
  await settled();
  expect(buttonsOf(approval)).toEqual([]);
  expect(textOf(approval)).toContain('Denied');
  expect(postings()).toEqual(['approval', 'refused', 'request']);
}, 180_000);

it('finds after the next start what was posted before the end', async () => {
  await start();
  fail('chat.postMessage', { lostReply: true });
  // Otherwise it would be found before the end.
  fail('conversations.history', { drop: true });
  await ask('heard of by nobody');
  await expect.poll(postings, { timeout: 20_000, interval: 5 }).toContain('approval');
  await kill();
  for (const method of ['chat.postMessage', 'conversations.history']) fail(method, undefined);
  expect(await rows('select slot from posting_attempts')).not.toEqual([]);

  await start();
  await settled();
  expect(postings()).toEqual(['approval', 'request']);
  expect(await rows('select slot from messages order by slot')).toEqual([{ slot: 'approval' }, { slot: 'request' }]);
}, 180_000);

it('posts one message for many ends, also where it was killed before it heard of it', async () => {
  const many = 8;
  await start();
  for (let each = 0; each < many; each++) {
    await ask(`number ${each}`);
    await approvalOf(slack.workspace, `number ${each}`);
  }
  for (const { id } of await rows<{ id: string }>('select id from requests'))
    await slack.workspace.as('carol').command(`/access approve ${id}`);
  await expect.poll(() => rows(`select 1 from grants where state = 'planned'`), { timeout: 60_000 }).toHaveLength(many);
  await settled();
  fail('chat.postMessage', { lostReply: true });
  // Otherwise it would be found before the end.
  fail('conversations.history', { drop: true });
  // The target cannot be reached here: what it would have shown is written down as the reconciler does.
  await pool.query(`with gone as (
      update grants set state = 'ended', granted_at = now() - interval '5 minutes', expires_at = now() - interval '1 minute',
        end_kind = 'expired', end_at = now() - interval '1 minute', gone_at = now() returning org, request_id),
    rested as (update rights set due_at = null, lease_until = null)
    insert into outbox (org, kind, subject) select org, 'notify', request_id from gone`);
  await expect.poll(postings, { timeout: 20_000, interval: 5 }).toContain('endings');
  await kill();
  for (const method of ['chat.postMessage', 'conversations.history']) fail(method, undefined);
  expect(await rows('select slot from posting_attempts')).toEqual([{ slot: 'endings' }]);

  await start();
  await settled();
  expect(postings().filter((name) => name.startsWith('end'))).toEqual(['endings']);
  expect(await rows(`select count(*)::int as n from shared_notices where slot = 'ended' and leader is not null`)).toEqual([{ n: many }]);
}, 240_000);
