/** What Curfew's processes are started with, and the observer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { TOKENS } from '../support/local-slack.ts';
import type { Place } from './place.ts';

export function environment(place: Place, folder: string, port: number, key: string) {
  const secretKey = randomBytes(32).toString('base64');
  writeFileSync(
    path.join(folder, 'curfew.yaml'),
    `org: demo
owners: [alice@example.com]
reviewers: [alice@example.com, carol@example.com]
slack: { approvals: approvals }
integrations:
  - { service: pg, name: sample, url: "\${SAMPLE_DATABASE_URL}", roles: [readonly, readwrite], user: "{local}" }
`,
  );
  return (role: 'web' | 'worker'): Record<string, string> => ({
    PATH: process.env['PATH'] ?? '',
    PORT: role === 'web' ? String(port) : '0',
    CURFEW_ROLES: role,
    DATABASE_URL: place.urls.database,
    REDIS_URL: place.urls.redis,
    SAMPLE_DATABASE_URL: place.urls.target,
    CURFEW_CONFIG: 'curfew.yaml',
    CURFEW_DATA_DIR: path.join(folder, 'data'),
    CURFEW_SECRET_KEY: secretKey,
    ...(role === 'web' ? { CURFEW_BOOTSTRAP_KEY: key } : {}),
    SLACK_API_URL: `${place.slack.url}/sandbox/slack/api/`,
    SLACK_BOT_TOKEN: TOKENS.botToken,
    SLACK_APP_TOKEN: TOKENS.appToken,
    LOG_LEVEL: 'error',
    NODE_COMPILE_CACHE: path.join(folder, 'compiled'),
  });
}

/** Looks every `everyMs` milliseconds. */
export const startObserver = (url: string, file: string, everyMs: number): ChildProcess =>
  spawn(process.execPath, [path.join(import.meta.dirname, 'observer.ts'), url, file, String(everyMs)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });

export async function endObserver(observer: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => observer.once('exit', resolve));
  observer.stdin?.end();
  await ended;
}
