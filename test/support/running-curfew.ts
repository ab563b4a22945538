import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { Log } from '../../src/app/ports.ts';
import { readConfig } from '../../src/config.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { prepareSampleDatabase } from '../../src/sandbox/sample-database.ts';
import type { WorkspaceDriver } from '../../src/sandbox/slack/local-workspace.ts';
import { type Running, serve } from '../../src/serve.ts';
import { migrate } from '../../src/store/database.ts';
import { startLocalSlack, TOKENS } from './local-slack.ts';
import { testDatabase, uniqueName } from './postgres.ts';

/** `built-in`: the workspace of the sandbox page; otherwise a server of its own that the SLACK_* variables point at. */
export type Transport = 'socket' | 'http' | 'built-in';
export type Logged = { readonly level: 'info' | 'warn' | 'error'; readonly fields: object; readonly message: string };

export type RunningCurfew = {
  readonly curfew: Running;
  readonly workspace: WorkspaceDriver;
  readonly logged: readonly Logged[];
  /** The sample's administrator. */
  readonly sampleUrl: string;
  /** What a person's login is called there. */
  account(name: string): string;
  /** As the owner of the bootstrap key, alice, unless another key is given. */
  readonly api: (method: string, path: string, body?: unknown, key?: string) => Promise<{ status: number; body: Record<string, unknown> }>;
  [Symbol.asyncDispose](): Promise<void>;
};

const bootstrapKey = `cfw_${randomBytes(24).toString('hex')}`;
const people = ['alice', 'bob', 'carol', 'dave'];

/** The sample configuration, with logins that no other test has: roles belong to the whole server. */
type Slack = { readonly approvals: string; readonly channels: Readonly<Record<string, string>>; readonly linkByEmail: boolean };
const accessFile = (suffix: string, slack: Slack): string => `
org: demo
owners: [alice@example.com]
reviewers: [alice@example.com, carol@example.com]
slack: ${JSON.stringify(slack)}
groups:
  - { id: platform, label: Platform team, members: [carol@example.com, dave@example.com] }
integrations:
  - { service: pg, name: sample, url: "\${SAMPLE_DATABASE_URL}", roles: [readonly, readwrite], narrower: { readwrite: [readonly] }, user: "{local}_${suffix}" }
`;

/** The whole product in this process: a real database, a real target, a real queue, and Slack by its own wire. */
export async function startCurfew({
  transport,
  redisUrl,
  also = '',
  approvals = 'approvals',
  channels = {},
  linkByEmail = true,
  roles,
  before,
  slack: slackOptions = {},
}: {
  transport: Transport;
  redisUrl?: string;
  /** More of `curfew.yaml`. */
  also?: string;
  approvals?: string;
  /** By policy. */
  channels?: Readonly<Record<string, string>>;
  linkByEmail?: boolean;
  /** Both, unless one is named. */
  roles?: 'web' | 'worker';
  /** What happens to the workspace, where it is a server of its own, before Curfew starts. */
  before?: (workspace: WorkspaceDriver) => void;
  /** Of the workspace, where it is a server of its own. */
  slack?: Parameters<typeof startLocalSlack>[0];
}): Promise<RunningCurfew> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-journey-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const database = stack.use(await testDatabase());
  const suffix = uniqueName('j');
  const account = (name: string) => `${name}_${suffix}`;
  const sample = await prepareSampleDatabase(database.adminUrl, account('sample'));
  stack.defer(() => removeSample(database.adminUrl, account));
  await writeFile(path.join(folder, 'curfew.yaml'), accessFile(suffix, { approvals, channels, linkByEmail }) + also);

  await lookAtNoTarget(database.url);

  const slack = transport === 'built-in' ? undefined : stack.use(await startLocalSlack(slackOptions));
  if (slack !== undefined) before?.(slack.workspace);
  const reading = await readConfig(
    {
      PORT: '0',
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      CURFEW_ROLES: roles,
      SAMPLE_DATABASE_URL: sample.url,
      CURFEW_CONFIG: 'curfew.yaml',
      CURFEW_BOOTSTRAP_KEY: bootstrapKey,
      CURFEW_SECRET_KEY: randomBytes(32).toString('base64'),
      ...slackVariables(transport, slack?.url, slackOptions.rotation),
    },
    { folder },
  );
  if (!reading.ok) throw new Error(reading.problems.join('\n'));
  const logged: Logged[] = [];
  const curfew = stack.use(await serve(reading.config, database.url, createRecorder(logged)));
  if (slack !== undefined) slack.http.url = `${curfew.url}/slack/events`;
  const workspace = slack?.workspace ?? curfew.workspace;
  if (workspace === undefined) throw new Error('no workspace is built in');
  if (transport !== 'http') await workspace.until(() => workspace.isSocketOpen());
  const running = stack.move();
  return {
    curfew,
    workspace,
    logged,
    sampleUrl: sample.url,
    account,
    api: (method, where, body, key = bootstrapKey) => callApi(`${curfew.url}${where}`, method, body, key),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** All tests share one server, and each has logins there with the same mark: unasked, each would find those of the others. */
async function lookAtNoTarget(url: string): Promise<void> {
  await migrate(url, { info() {}, warn() {}, error() {} });
  await withClient(url, (client) =>
    client.query(`insert into target_rounds (org, integration, kind, due_at)
      select 'demo', 'sample', kind, now() + interval '1 day' from unnest(array['rights', 'tagged']) kind`),
  );
}

type Rotation = NonNullable<Parameters<typeof startLocalSlack>[0]>['rotation'];

function slackVariables(transport: Transport, url: string | undefined, rotation: Rotation): Record<string, string> {
  if (transport === 'built-in') return { CURFEW_SLACK: 'local' };
  return {
    SLACK_API_URL: `${url}/sandbox/slack/api/`,
    ...(rotation === undefined
      ? { SLACK_BOT_TOKEN: TOKENS.botToken }
      : { SLACK_REFRESH_TOKEN: rotation.refreshToken, SLACK_CLIENT_ID: rotation.clientId, SLACK_CLIENT_SECRET: rotation.clientSecret }),
    ...(transport === 'socket' ? { SLACK_APP_TOKEN: TOKENS.appToken } : { SLACK_SIGNING_SECRET: TOKENS.signingSecret }),
  };
}

function createRecorder(logged: Logged[]): Log {
  const line = (level: Logged['level']) => (fields: object, message: string) => void logged.push({ level, fields, message });
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

async function removeSample(adminUrl: string, account: (name: string) => string): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    await admin.query(`drop database if exists ${pg.escapeIdentifier(account('sample'))} with (force)`);
    for (const name of people) await admin.query(`drop role if exists ${pg.escapeIdentifier(account(name))}`);
  });
}

async function callApi(url: string, method: string, body: unknown, key: string) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}
