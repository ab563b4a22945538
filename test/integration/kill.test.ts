import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';

// The whole product as its own process, killed with -9 in the middle of a grant and again after its end.

const key = 'a-key-for-tests-that-is-long-enough-to-be-one';
const main = path.resolve(import.meta.dirname, '../../src/main.ts');
let folder: string;
let port: number;
let child: ChildProcess;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-kill-'));
  // Otherwise, as root, the database would go where its own user can follow, and stay there.
  chmodSync(folder, 0o755);
  port = await freePort();
});
afterEach(async () => {
  await end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

it('is gone after the next start, whenever the process was killed', async () => {
  await start();
  const id = await request(60);
  // Approved, and killed at once: the grant is on record, the target perhaps touched, perhaps not.
  expect((await call(`permission-requests/${id}/approve`, { expirationLength: '3s' })).status).toBe(403);
  await approveAsCarol(id, 3);
  await end('SIGKILL');

  await start();
  await expect.poll(() => statusOf(id), { timeout: 40_000, interval: 200 }).toMatch(/DONE|EXPIRED/);
  await end('SIGKILL');
  // Past its end while nothing runs.
  await new Promise((resolve) => setTimeout(resolve, 3_500));

  await start();
  await expect.poll(() => statusOf(id), { timeout: 40_000, interval: 200 }).toBe('EXPIRED');
  expect(await loginsOnTarget()).toEqual([]);
}, 120_000);

async function start(): Promise<void> {
  child = spawn(process.execPath, [main], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      CURFEW_DATA_DIR: path.join(folder, 'data'),
      CURFEW_BOOTSTRAP_KEY: key,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect
    .poll(
      () => {
        if (child.exitCode !== null) throw new Error(`it ended (${child.exitCode}): ${output}`);
        return output;
      },
      { timeout: 40_000, interval: 100 },
    )
    .toContain('/sandbox');
}

async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

const call = (route: string, body?: object) =>
  fetch(`http://127.0.0.1:${port}/o/demo/${route}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** Alice asks for bob, so that carol must approve. */
async function request(seconds: number): Promise<string> {
  const argv = ['grant', 'pg', 'role', 'readonly', '--to', 'bob@example.com', '--duration', `${seconds}s`, '--reason', 'kill test'];
  const answer = await call('command', { argv, scriptName: 'p0' });
  const body = (await answer.json()) as { id?: string };
  if (body.id === undefined) throw new Error(JSON.stringify(body));
  return body.id;
}

async function statusOf(id: string): Promise<string> {
  const body = (await (await call(`permission-requests/${id}`)).json()) as { request?: { status: string }; status?: string };
  return body.request?.status ?? body.status ?? JSON.stringify(body);
}

/** Through the sandbox, as a person would. */
async function approveAsCarol(id: string, seconds: number): Promise<void> {
  const act = (body: object) =>
    fetch(`http://127.0.0.1:${port}/sandbox/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const answer = await act({ as: 'carol', type: 'command', channel: 'C0GENERAL', text: `/access approve ${id} --duration ${seconds}s` });
  expect(await answer.json()).toMatchObject({ ok: true });
  await expect.poll(() => statusOf(id), { timeout: 10_000, interval: 20 }).toMatch(/APPROVED|DONE/);
}

async function loginsOnTarget(): Promise<string[]> {
  const postgres = path.join(folder, 'data', 'postgres');
  const secret = readFileSync(path.join(postgres, 'superuser.secret'), 'utf8').trim();
  const [, , , serverPort] = readFileSync(path.join(postgres, 'cluster', 'postmaster.pid'), 'utf8').split('\n');
  const client = new pg.Client(`postgres://postgres:${secret}@127.0.0.1:${serverPort}/sample`);
  await client.connect();
  try {
    const { rows } = await client.query<{ rolname: string }>(`select rolname from pg_roles where rolname = 'bob'`);
    return rows.map((row) => row.rolname);
  } finally {
    await client.end();
  }
}
