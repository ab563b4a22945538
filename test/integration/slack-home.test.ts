import { describe, expect, it } from 'vitest';
import { encodeTurn } from '../../blocks/home-position.ts';
import type { HomePosition } from '../../src/app/read-home.ts';
import { must, someRequest } from '../support/http-app.ts';
import { type Mode, noHome, onePage, startSlackApp } from '../support/slack-app.ts';

const pending = someRequest();
const textOf = (value: unknown): string => JSON.stringify(value);

describe.each<Mode>(['socket', 'http'])('the home tab over %s', (mode) => {
  it('turns one list, keeps the place of the others, and stays there after a change', async () => {
    const read: HomePosition[] = [];
    await using running = await startSlackApp(mode, {
      home: async (_caller, position) => {
        read.push(must(position));
        return {
          ...noHome,
          requests: { ...onePage([pending]), older: { before: pending.id } },
          access: { ...onePage([]), older: { before: pending.id } },
        };
      },
      cancelRequest: async () => ({ ok: true, value: pending }),
    });
    const bob = running.slack.workspace.as('bob');
    const home = () => running.slack.workspace.until(() => bob.home());
    await bob.openHome();
    await bob.press(await home(), 'home_older', { blockId: 'turn:requests' });
    await expect.poll(() => read.length).toBe(2);
    await running.slack.workspace.until(() => textOf(bob.home()?.source['private_metadata']).includes('before'));
    await bob.press(await home(), 'home_older', { blockId: 'turn:access' });
    await expect.poll(() => read.length).toBe(3);
    await running.slack.workspace.until(() => textOf(bob.home()?.source['private_metadata']).split('before').length === 3);
    await bob.press(await home(), 'cancel');
    await expect.poll(() => read.length).toBe(4);
    const turned = { before: pending.id };
    expect(read).toEqual([
      { waiting: 'newest', requests: 'newest', access: 'newest' },
      { waiting: 'newest', requests: turned, access: 'newest' },
      { waiting: 'newest', requests: turned, access: turned },
      { waiting: 'newest', requests: turned, access: turned },
    ]);
    expect(running.slack.workspace.warnings).toEqual([]);
  });

  it('reads again where the tab was drawn anew meanwhile, and takes no cursor that is none', async () => {
    const read: HomePosition[] = [];
    let redraw = async (): Promise<unknown> => undefined;
    await using running = await startSlackApp(mode, {
      home: async (_caller, position) => {
        read.push(must(position));
        await redraw();
        return { ...noHome, requests: { ...onePage([]), older: { before: pending.id } } };
      },
    });
    const { workspace } = running.slack;
    const bob = workspace.as('bob');
    await bob.openHome();
    const home = await workspace.until(() => bob.home());
    const before = home.hash;
    redraw = async () => {
      redraw = async () => undefined;
      await bob.openHome();
      await workspace.until(() => read.length === 3);
      await workspace.until(() => bob.home()?.hash !== before);
    };
    await bob.press(home, 'home_older');
    await expect.poll(() => read.length, { timeout: 10_000 }).toBe(4);

    const value = encodeTurn('requests', { before: pending.id });
    const pressed = must(workspace.sent.filter((sent) => sent.type === 'interactive' && textOf(sent).includes(value)).at(-1));
    const forged = (to: string, trigger: string): object =>
      JSON.parse(
        textOf(pressed)
          .replaceAll(value, to)
          .replaceAll(/"trigger_id":"[^"]*"/g, `"trigger_id":"1.2.${trigger}"`),
      );
    await workspace.deliver(forged(`requests|before.' or 1=1`, 'a') as typeof pressed);
    await workspace.deliver(forged('__proto__|newest', 'b') as typeof pressed);
    // Each was pressed on a tab that is not there any more, so it is read twice.
    await expect.poll(() => read.length).toBe(8);
    expect(new Set(read.slice(4).map(textOf))).toEqual(new Set([textOf({ waiting: 'newest', requests: 'newest', access: 'newest' })]));
    expect(running.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
