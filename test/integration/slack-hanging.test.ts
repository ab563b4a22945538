import { describe, expect, it } from 'vitest';
import { accept } from '../../src/domain/result.ts';
import { type Mode, startSlackApp } from '../support/slack-app.ts';

const timeoutMs = 400;
const runCommand = async () => accept({ kind: 'help', text: 'carried out' } as const);
const start = (mode: Mode) => startSlackApp(mode, { runCommand }, 'approvals', {}, {}, timeoutMs);

describe.each<Mode>(['socket', 'http'])('where Slack does not answer an answer, over %s', (mode) => {
  it('tells the person in a direct message', async () => {
    await using running = await start(mode);
    const { workspace } = running.slack;
    workspace.faults.every('response_url', { hang: true });
    const bob = workspace.as('bob');
    await bob.command('/access status');
    await workspace.until(() => bob.dm().some(({ text }) => text.includes('carried out')));
    expect(bob.ephemerals()).toEqual([]);
    expect(running.logged.filter(({ level }) => level !== 'info')).toEqual([
      expect.objectContaining({ level: 'warn', message: 'could not answer in place; sending a direct message' }),
    ]);
  });

  it('says so in the log where no direct message gets there either, and stops when it is told to', async () => {
    const running = await start(mode);
    const { workspace } = running.slack;
    workspace.faults.every('response_url', { hang: true });
    workspace.faults.every('chat.postMessage', { hang: true });
    await workspace.as('bob').command('/access status');
    await running.app[Symbol.asyncDispose]();
    await expect.poll(() => running.logged.map(({ message }) => message)).toContain('Bolt could not handle a delivery');
    await running[Symbol.asyncDispose]();
  }, 20_000);
});
