import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WorkspaceDriver } from '../../src/sandbox/slack/local-workspace.ts';
import { accept } from '../../src/domain/result.ts';
import { type Mode, startSlackApp } from '../support/slack-app.ts';
import { startCurfew } from '../support/running-curfew.ts';

const commands = 60;
const typists = ['alice', 'bob', 'carol', 'dave'];

/** @param overMs from the first to the last; 0: all are sent before any is answered */
async function typeAll(workspace: WorkspaceDriver, overMs: number, text: (at: number) => string): Promise<void> {
  await Promise.all(
    Array.from({ length: commands }, async (_, at) => {
      if (overMs > 0) await wait((overMs * at) / commands);
      await workspace.as(typists[at % typists.length] ?? '').command(`/access ${text(at)}`);
    }),
  );
}
const saidToAll = (workspace: WorkspaceDriver): readonly string[] =>
  typists.flatMap((who) => workspace.as(who).ephemerals()).map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);

describe.each<Mode>(['socket', 'http'])('sixty slash commands over %s', (mode) => {
  it('at once are acknowledged while none of them is carried out yet', async () => {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    await using running = await startSlackApp(mode, {
      runCommand: async () => {
        await gate;
        return accept({ kind: 'help', text: 'carried out' });
      },
    });
    const { workspace } = running.slack;
    await typeAll(workspace, 0, () => 'status');
    expect(workspace.warnings).toEqual([]);
    expect(saidToAll(workspace)).toEqual([]);
    go();
    await workspace.until(() => saidToAll(workspace).filter((said) => said.includes('carried out')).length === commands);
  });

  it('in one second are acknowledged in time, and answered, by the whole product', async () => {
    await using running = await startCurfew({ transport: mode });
    const { workspace } = running;
    await typeAll(workspace, 1_000, (at) => (at % 2 === 0 ? 'status' : `request pg role readonly --reason "turn ${at}"`));
    expect(workspace.warnings).toEqual([]);
    await workspace.until(() => saidToAll(workspace).length >= commands, 30_000);
    expect(saidToAll(workspace).filter((said) => /dispatch_failed|operation_timeout|reference/.test(said))).toEqual([]);
    expect(workspace.warnings).toEqual([]);
  });
});
