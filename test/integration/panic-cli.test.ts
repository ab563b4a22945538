import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseDuration } from '../../src/domain/duration.ts';
import { createWorld, type World } from '../support/world.ts';

// The commands as their own processes, while nothing else runs.

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
let world: World;
let folder: string;

beforeEach(async () => {
  world = await createWorld();
  folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-panic-'));
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function panic(...args: readonly string[]) {
  const env = {
    PATH: process.env['PATH'],
    CURFEW_DATA_DIR: folder,
    CURFEW_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    CURFEW_SLACK: 'local',
    // Any server will do as the target: what is to be taken is not there.
    SAMPLE_DATABASE_URL: world.database.url,
    LOG_LEVEL: 'silent',
    DATABASE_URL: world.database.url,
  };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'panic', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

async function give(): Promise<void> {
  const [carol, bob] = await Promise.all([world.caller('carol'), world.caller('bob')]);
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const asked = await world.useCases.submitRequest(bob, { right, reason: 'work', duration: parseDuration('1h'), to: undefined });
  if (!asked.ok) throw new Error(asked.rejection.code);
  await world.useCases.decideRequest(carol, asked.value.request.id, { kind: 'approve', duration: undefined, digest: undefined });
  await world.reconcile();
}

it('previews, presses, follows and lifts', { timeout: 240_000 }, async () => {
  await give();
  const selection = ['--person', 'bob@example.com'];
  expect(await panic('preview', ...selection)).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^1 grant of 1 person on 1 right: 1 active.*\n.*\n {2}bob@example\.com {2}sample\/role\/readonly {2}active\n$/,
    ),
  });
  const started = await panic('start', ...selection, '--reason', 'laptop stolen', '--by', 'alice@example.com');
  expect(started).toMatchObject({ code: 0, err: '', out: expect.stringContaining('bob@example.com') });
  expect(started.out).toContain('under way: 0 of 1 grants seen gone, 1 left');
  const [id = ''] = started.out.split(' ');
  // The watch ends when a worker has seen it gone.
  const watching = panic('status', '--id', id, '--watch');
  await world.reconcile();
  await world.work.panic();
  expect(await watching).toMatchObject({ code: 0, out: expect.stringContaining('done: 1 of 1 grants seen gone, 0 left') });
  expect(world.target.held).toEqual(new Set());
  expect(await panic('lift', '--id', id, '--by', 'bob@example.com')).toMatchObject({
    code: 1,
    err: expect.stringContaining('on hold yourself'),
  });
  expect(await panic('lift', '--id', id, '--by', 'alice@example.com')).toMatchObject({ code: 0 });
  expect(await panic('status')).toMatchObject({ code: 0, out: expect.stringContaining('lifted by alice@example.com') });
  const events = (await world.audit()).filter(({ action }) => /^(panic|grant\.revoked)/.test(action));
  expect(events).toMatchObject([
    { action: 'panic.started', actor: { email: 'alice@example.com', via: 'console' } },
    { action: 'grant.revoked', actor: { email: 'alice@example.com', via: 'console' } },
    { action: 'panic.done' },
    { action: 'panic.lifted', actor: { via: 'console' } },
  ]);
});

it('takes it from the target itself where no worker runs, and says so when it is done', { timeout: 240_000 }, async () => {
  await give();
  const taken = await panic('start', '--everything', '--reason', 'all is down', '--by', 'alice@example.com', '--take');
  expect(taken).toMatchObject({ code: 0, err: '', out: expect.stringContaining('done: 1 of 1 grants seen gone, 0 left') });
});

it('refuses what it does not understand, and does nothing then', { timeout: 240_000 }, async () => {
  const by = ['--by', 'alice@example.com'];
  const refused = [
    [['start', '--everything', '--person', 'bob@example.com', '--reason', 'x', ...by], 'Say one of --person'],
    [['start', '--everything', ...by], 'reason'],
    [['start', '--everything', '--reason', 'x'], '--by must be'],
    [['start', '--target', 'sampel', '--reason', 'x', ...by], 'There is no target of this name'],
    [['start', '--evrything'], "Unknown option '--evrything'"],
  ] as const;
  const said = await Promise.all(refused.map(([args]) => panic(...args)));
  for (const [index, [, err]] of refused.entries()) expect(said[index]).toMatchObject({ code: 1, err: expect.stringContaining(err) });
  expect((await world.pool.query('select from panics')).rowCount).toBe(0);
});
