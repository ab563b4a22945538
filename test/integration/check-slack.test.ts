import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkSlack } from '../../src/slack/check-slack.ts';
import { freePort } from '../support/free-port.ts';
import { startSlackApp } from '../support/slack-app.ts';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';

const channels = [
  { id: 'C0PROD001', name: 'prod', members: ['U0CAROL01'] },
  { id: 'C0SHARED1', name: 'shared', members: ['U0CURFEW1'], isExtShared: true },
];
let slack: LocalSlack;
let folder: string;
const apiUrl = () => `${slack.url}/sandbox/slack/api/`;
beforeEach(async () => {
  slack = await startLocalSlack({ channels });
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-check-'));
});
afterEach(async () => {
  await slack[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
const check = (names: readonly string[], botToken: string = TOKENS.botToken) => checkSlack({ botToken, apiUrl: apiUrl(), channels: names });

it('has nothing to say where messages can be posted, and posts none', async () => {
  expect(await check(['approvals', '#approvals', 'C0APPROVAL'])).toEqual([]);
  expect(slack.workspace.calls.map(({ method }) => method).filter((method) => method.startsWith('chat.'))).toEqual([]);
});

it('says what to do about each channel that cannot be posted to', async () => {
  const [invite, shared, gone, ...rest] = await check(['prod', 'shared', 'nowhere']);
  expect(invite).toMatch(/^The app is not in channel prod: type \/invite @\w+ there\.$/);
  expect(shared).toBe('Approvals cannot be posted: channel shared is shared with another company.');
  expect(gone).toBe('Approvals cannot be posted: there is no channel nowhere; a private one must have the app in it.');
  expect(rest).toEqual([]);
});

it('says that the token is not good, that scopes are missing, and that Slack is away', async () => {
  expect(await check(['approvals'], 'xoxb-somebody-else')).toEqual(['Slack refuses SLACK_BOT_TOKEN (invalid_auth).']);
  slack.workspace.faults.next('auth.test', { status: 500 });
  slack.workspace.faults.next('auth.test', { status: 500 });
  expect(await check(['approvals'])).toEqual([expect.stringMatching(/^Slack could not be asked: /)]);
  await using poor = await startLocalSlack({ scopes: ['chat:write', 'channels:read'] });
  const [lacking] = await checkSlack({ botToken: TOKENS.botToken, apiUrl: `${poor.url}/sandbox/slack/api/`, channels: ['approvals'] });
  expect(lacking).toMatch(/^The app lacks the scopes commands, .*groups:read.*: install it again with manifest\.yml\.$/);
});

it('is said by a start too, as far as scopes go, which starts all the same', async () => {
  const lacking = async (scopes?: readonly string[]) => {
    await using running = await startSlackApp('http', {}, 'approvals', { scopes });
    return running.logged.filter(({ level }) => level === 'error');
  };
  expect(await lacking()).toEqual([]);
  const [said, ...others] = await lacking(['commands', 'chat:write', 'channels:read']);
  expect(said).toMatchObject({ message: 'the Slack app lacks scopes: install it again with manifest.yml' });
  expect(JSON.stringify(said)).toContain('im:write');
  expect(others).toEqual([]);
});

it('is part of curfew check, unless that is told to stay offline', async () => {
  const file = path.join(folder, 'curfew.yaml');
  await writeFile(file, 'org: demo\nowners: [a@example.com]\nslack: { approvals: prod }\n');
  const run = async (args: readonly string[], url = apiUrl()) => {
    const env = {
      PATH: process.env['PATH'],
      CURFEW_CONFIG: file,
      CURFEW_DATA_DIR: folder,
      CURFEW_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      SLACK_BOT_TOKEN: TOKENS.botToken,
      SLACK_APP_TOKEN: TOKENS.appToken,
      SLACK_API_URL: url,
    };
    const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../../src/cli.ts'), 'check', ...args], { cwd: folder, env });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    return { code, out, err };
  };
  expect(await run([])).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^- The app is not in channel prod: .*\n$/) });
  expect(await run(['--offline'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('is sound') });
  const nobody = `http://127.0.0.1:${await freePort()}/`;
  expect(await run([], nobody)).toMatchObject({ code: 1, err: expect.stringContaining('- Slack could not be asked: ') });
  expect(await run(['--loudly'])).toMatchObject({ code: 2 });
}, 60_000);
