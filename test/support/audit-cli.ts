/** The `audit` commands as their own processes, on a database where people asked for access and gave it back. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { anchorFile, appendAnchors } from '../../src/audit-anchors.ts';
import type { RequestId } from '../../src/domain/ids.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { must } from './extensions.ts';
import { createWorld, type World } from './world.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
export const secretKey = Buffer.alloc(32, 7);

/** As new for each test of a file. */
export type AuditPlace = {
  readonly world: World;
  readonly folder: string;
  /** The file of the anchors. */
  readonly anchors: string;
  /** A request that was lived through. */
  readonly lived: RequestId;
};

export function auditCommands() {
  let place: AuditPlace;
  beforeEach(async () => {
    const world = await createWorld();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-audit-'));
    place = { world, folder, anchors: anchorFile(folder), lived: await liveThrough(world) };
    await world.work.seal();
  });
  afterEach(async () => {
    await place.world[Symbol.asyncDispose]();
    rmSync(place.folder, { recursive: true, force: true });
  });
  return {
    place: () => place,
    /** Runs `audit …` to its end. */
    audit: (args: readonly string[], more: Record<string, string> = { DATABASE_URL: place.world.database.url }) =>
      run(place.folder, args, more),
    anchor: async () => appendAnchors(place.anchors, secretKey, await place.world.store.audit.heads()),
  };
}

/** Bob asks, alice approves, the target is touched, and bob gives it back. */
export async function liveThrough(world: World): Promise<RequestId> {
  const [alice, bob] = await Promise.all([world.caller('alice'), world.caller('bob')]);
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const draft = { right, reason: 'look at “orders” — übermorgen', duration: parseDuration('60s'), to: undefined };
  const { id } = must(await world.useCases.submitRequest(bob, draft)).request;
  must(await world.useCases.decideRequest(alice, id, { kind: 'approve', duration: undefined, digest: undefined }));
  await world.reconcile();
  must(await world.useCases.relinquishGrant(bob, id));
  await world.reconcile();
  return id;
}

function run(folder: string, args: readonly string[], more: Record<string, string>) {
  const env = {
    PATH: process.env['PATH'],
    CURFEW_DATA_DIR: folder,
    CURFEW_SECRET_KEY: secretKey.toString('base64'),
    CURFEW_SLACK: 'local',
    SAMPLE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/y',
    LOG_LEVEL: 'silent',
    ...more,
  };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'audit', ...args], { cwd: folder, env });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
