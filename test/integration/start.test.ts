import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the program and waits for its end. */
function start(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main], { cwd: folder, env: { PATH: process.env['PATH'], LOG_LEVEL: 'silent', ...env } });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => resolve({ code, said }));
  });
}

describe('a start that cannot be', () => {
  it('says every problem at once, a sentence each', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    writeFileSync(path.join(folder, 'a-file'), '');
    const { code, said } = await start({
      PORT: String(port),
      CURFEW_DATA_DIR: path.join(folder, 'a-file', 'data'),
      CURFEW_ROLES: 'boss',
      SLACK_BOT_TOKEN: 'xoxb-1',
    });
    taken.close();
    expect(code).toBe(1);
    expect(said).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(said).toContain('a part of its path is a file');
    expect(said).toContain('not "boss"');
    expect(said).toContain('SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET');
    expect(said).not.toContain('    at ');
  });

  it('says so where the database does not answer, and leaks nothing', async () => {
    const { code, said } = await start({
      PORT: '0',
      DATABASE_URL: 'postgres://nobody:secret-word@127.0.0.1:1/x',
      SAMPLE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/y',
      CURFEW_SLACK: 'local',
      CURFEW_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    });
    expect(code).toBe(1);
    expect(said).toContain('Is DATABASE_URL right');
    expect(said).not.toContain('secret-word');
    expect(said).not.toContain('    at ');
  });
});
