import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import { accept } from '../../src/domain/result.ts';
import { createBackoff } from '../../src/slack/backoff.ts';
import { boltLog } from '../../src/slack/bolt-log.ts';
import { connect } from '../../src/slack/connection.ts';
import { dial, type Envelope, type Line } from '../../src/slack/socket-line.ts';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';
import { type RunningSlack, startSlackApp } from '../support/slack-app.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const start = () => startSlackApp('socket', { runCommand: async () => accept({ kind: 'help', text: 'help' }) });
const command = (running: RunningSlack, text = '/access status') => running.slack.workspace.as('bob').command(text);
const failed = (running: RunningSlack): readonly string[] =>
  running.slack.workspace
    .as('bob')
    .ephemerals()
    .map(({ text }) => text)
    .filter((text) => /dispatch_failed|operation_timeout/.test(text));
const bothOpen = async (running: RunningSlack): Promise<void> => {
  await running.slack.workspace.until(() => running.slack.workspace.socketCount() === 2, 10_000);
};
const opened = (running: RunningSlack): number =>
  running.slack.workspace.calls.filter(({ method, answer }) => method === 'apps.connections.open' && answer['ok'] === true).length;
/** Commands all the while that something happens. @returns how many there were */
async function whileTyping(running: RunningSlack, happens: () => Promise<unknown>): Promise<number> {
  let [isOver, typed] = [false, 0];
  const happening = happens().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await command(running);
    typed += 1;
    await turn();
  }
  await happening;
  return typed;
}

describe('two sockets', () => {
  it.each(['warning', 'refresh_requested'] as const)('lose no command while both are replaced (%s)', async (how) => {
    await using running = await start();
    await bothOpen(running);
    const { workspace } = running.slack;
    const typed = await whileTyping(running, async () => {
      workspace.disconnectSockets(how, { graceMs: 1_000 });
      await workspace.until(() => opened(running) === 4);
      expect(running.app.isReady()).toBe(true);
      await workspace.until(() => workspace.socketCount() === 2);
    });
    expect(typed).toBeGreaterThan(0);
    expect(failed(running)).toEqual([]);
    expect(running.app.isReady()).toBe(true);
  });

  it.each(['cut', 'link_disabled'] as const)('lose no command while one of them is gone (%s)', async (how) => {
    await using running = await start();
    await bothOpen(running);
    const { workspace } = running.slack;
    for (let failures = 0; failures < 2; failures++) workspace.faults.next('apps.connections.open', { status: 500 });
    const typed = await whileTyping(running, async () => {
      workspace.disconnectSockets(how, { count: 1 });
      await workspace.until(() => workspace.socketCount() === 1);
      expect(running.app.isReady()).toBe(true);
      await bothOpen(running);
    });
    expect(typed).toBeGreaterThan(0);
    expect(failed(running)).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['a 500', { status: 500 }],
    ['a dropped connection', { drop: true }],
    ['a lost reply', { lostReply: true }],
    ['ok: false', { error: 'internal_error' }],
    ['a token that is revoked for a moment', { error: 'invalid_auth' }],
    ['a rate limit', { retryAfterSeconds: 1 }],
  ])('come back when Slack refuses them with %s', async (_what, fault) => {
    await using running = await start();
    await bothOpen(running);
    const { workspace } = running.slack;
    for (let failures = 0; failures < 4; failures++) workspace.faults.next('apps.connections.open', fault);
    workspace.disconnectSockets('cut');
    await expect.poll(() => running.app.isReady()).toBe(false);
    await bothOpen(running);
    expect(running.app.isReady()).toBe(true);
    await command(running);
    expect(failed(running)).toEqual([]);
  });

  it('are one socket where Slack allows no second', async () => {
    await using slack = await startLocalSlack();
    const others: Line[] = [];
    for (let other = 0; other < 9; other++) {
      const line = dial(await addressOf(slack.url), () => {}, 5_000);
      await line.opened;
      others.push(line);
    }
    const { connection } = connectTo(slack);
    await connection.open();
    await expect.poll(() => slack.workspace.calls.some(({ answer }) => answer['error'] === 'too_many_websockets')).toBe(true);
    expect(connection.isOpen()).toBe(true);
    await Promise.all(others.map((line) => line.close()));
    await slack.workspace.until(() => slack.workspace.socketCount() === 2, 10_000);
    await connection.close();
  });

  it('let what is under way end, whatever became of the socket it came by', async () => {
    let answer = (): void => {};
    await using running = await startSlackApp('socket', {
      runCommand: () =>
        new Promise((resolve) => {
          answer = () => resolve(accept({ kind: 'help', text: 'late help' }));
        }),
    });
    await bothOpen(running);
    const { workspace } = running.slack;
    await command(running);
    workspace.disconnectSockets('warning', { graceMs: 100 });
    await workspace.until(() => opened(running) === 4);
    await workspace.until(() => workspace.socketCount() === 2);
    answer();
    await workspace.until(() => JSON.stringify(workspace.as('bob').ephemerals()).includes('late help'));
    expect(failed(running)).toEqual([]);
  });
});

describe('the start', () => {
  it('goes on through what passes', async () => {
    await using slack = await startLocalSlack();
    for (const fault of [{ status: 503 }, { drop: true }, { error: 'internal_error' }] as const)
      slack.workspace.faults.next('apps.connections.open', fault);
    const { connection } = connectTo(slack);
    await connection.open();
    expect(connection.isOpen()).toBe(true);
    await connection.close();
    expect(connection.isOpen()).toBe(false);
    await slack.workspace.until(() => slack.workspace.socketCount() === 0);
  });

  it.each<[string, Fault, number]>([
    ['at once where the token is wrong', { error: 'invalid_auth' }, 1],
    ['in the end where Slack stays away', { status: 500 }, 5],
  ])('fails %s', async (_when, fault, tries) => {
    await using slack = await startLocalSlack();
    for (let each = 0; each < tries; each++) slack.workspace.faults.next('apps.connections.open', fault);
    const { connection } = connectTo(slack);
    await expect(connection.open()).rejects.toThrow();
    expect(slack.workspace.socketCount()).toBe(0);
    await connection.close();
  });

  it('is given up by a stop', async () => {
    await using slack = await startLocalSlack();
    for (let each = 0; each < 4; each++) slack.workspace.faults.next('apps.connections.open', { status: 500 });
    const { connection, logged } = connectTo(slack);
    const opening = connection.open();
    await Promise.all([
      expect(opening).rejects.toThrow(),
      expect
        .poll(() => logged.length)
        .toBeGreaterThan(1)
        .then(() => connection.close()),
    ]);
    expect(slack.workspace.socketCount()).toBe(0);
  });
});

describe('one socket', () => {
  it('is cut when the other end falls silent', async () => {
    await using slack = await startLocalSlack();
    const line = dial(await addressOf(slack.url), () => {}, 100);
    await line.opened;
    slack.workspace.disconnectSockets('silence');
    expect(await line.leaving).toBe('the other end fell silent');
    expect(line.isOpen()).toBe(false);
  });

  it('waits for the acknowledgements it owes before it ends, and takes nothing more', async () => {
    await using slack = await startLocalSlack();
    const came: Envelope[] = [];
    const line = dial(await addressOf(slack.url), (envelope) => void came.push(envelope), 5_000);
    await line.opened;
    const first = slack.workspace.deliver({ type: 'slash_commands', payload: { text: 'first' } });
    await expect.poll(() => came.length).toBe(1);
    const closing = line.close();
    await came[0]?.ack({ text: 'done' });
    expect(await first).toEqual({ kind: 'acked', body: { text: 'done' } });
    await closing;
    await expect(came[0]?.ack()).rejects.toThrow('before the acknowledgement');
    expect(slack.workspace.isSocketOpen()).toBe(false);
  });

  it('tells why there was no hello', async () => {
    await using slack = await startLocalSlack();
    const line = dial(`${slack.url.replace('http', 'ws')}/sandbox/slack/link?ticket=used`, () => {}, 5_000);
    await expect(line.opened).rejects.toThrow('404');
    await line.close();
  });
});

describe('the waits between tries', () => {
  it('are none at first, then grow to a quarter of a minute, and begin anew after what lasted', () => {
    let now = 0;
    const backoff = createBackoff(() => now);
    const waits = Array.from({ length: 9 }, () => backoff.failed());
    expect(waits[0]).toBe(0);
    for (const [at, most] of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000].entries()) {
      expect(waits[at + 1]).toBeLessThanOrEqual(most);
      expect(waits[at + 1]).toBeGreaterThanOrEqual(most * 0.75);
    }
    backoff.began();
    now += 1_000;
    expect(backoff.failed()).toBeGreaterThan(0);
    backoff.began();
    now += 60_000;
    expect(backoff.failed()).toBe(0);
  });
});

/** Socket Mode by itself, without listeners. */
function connectTo(slack: LocalSlack) {
  const logged: string[] = [];
  const note = (_fields: object, message: string): void => void logged.push(message);
  const log = { info: note, warn: note, error: note };
  const options = { mode: 'socket', appToken: TOKENS.appToken, apiUrl: `${slack.url}/sandbox/slack/api/` } as const;
  return { connection: connect(options, log, boltLog(log), () => undefined), logged };
}

/** Asks as the app does, and gives the address that came. */
async function addressOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/sandbox/slack/api/apps.connections.open`, {
    method: 'POST',
    headers: { authorization: 'Bearer xapp-local-test' },
  });
  const body: unknown = await answer.json();
  if (typeof body !== 'object' || body === null || !('url' in body) || typeof body.url !== 'string') throw new Error('no address');
  return body.url;
}
