import { WebAPIPlatformError } from '@slack/web-api';
import { expect, it } from 'vitest';
import { createTurns } from '../../src/slack/turns.ts';

/** A window as Slack keeps it: an update must name what it is now. */
function someWindow() {
  const window = { hash: 'h0', shown: [] as string[] };
  const update = async (view: string, hash: string): Promise<string> => {
    if (hash !== window.hash) throw refusal('hash_conflict');
    window.shown.push(view);
    window.hash = `h${window.shown.length}`;
    return window.hash;
  };
  return { window, update };
}
let times = 0;
/** What was chosen in a window that had this hash, later than all before. */
const pressed = (hash: string) => ({ hash, ts: `1764156000.${String(times++).padStart(6, '0')}` });
const refusal = (error: string) => new WebAPIPlatformError({ ok: false, error });

it('draws for whoever chose before they saw the last drawing', async () => {
  const { window, update } = someWindow();
  const turns = createTurns();
  await turns.redraw('V1', pressed('h0'), async () => 'first', update);
  // Chosen while the window was still as before.
  await turns.redraw('V1', pressed('h0'), async () => 'second', update);
  expect(window.shown).toEqual(['first', 'second']);
});

it('leaves out what was overtaken, and never puts an older drawing over a newer one', async () => {
  const { window, update } = someWindow();
  const turns = createTurns();
  let finish = (): void => {};
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const drawn: string[] = [];
  const choose = (name: string, until: Promise<void>) =>
    turns.redraw(
      'V1',
      pressed('h0'),
      async () => {
        drawn.push(name);
        await until;
        return name;
      },
      update,
    );
  const first = choose('a', slow);
  await expect.poll(() => drawn).toEqual(['a']);
  const all = [first, choose('b', Promise.resolve()), choose('c', Promise.resolve())];
  finish();
  await Promise.all(all);
  expect(window.shown).toEqual(['c']);
  expect(drawn).toEqual(['a', 'c']);
});

it('leaves a window alone that was sent, or that somebody else changed', async () => {
  const { window, update } = someWindow();
  const turns = createTurns();
  const redrawing = turns.redraw('V1', pressed('h0'), async () => 'late', update);
  turns.close('V1');
  await redrawing;
  expect(window.shown).toEqual([]);
  window.hash = 'of another process';
  await turns.redraw('V1', pressed('h0'), async () => 'stale', update);
  expect(window.shown).toEqual([]);
});

it('tells whoever waits of a fault, and goes on with the next choice', async () => {
  const { window, update } = someWindow();
  const turns = createTurns();
  const fault = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const draw = async (): Promise<string> => {
    begun.resolve();
    return fault.promise;
  };
  const broken = expect(turns.redraw('V1', pressed('h0'), draw, update)).rejects.toThrow('away');
  await begun.promise;
  const next = turns.redraw('V1', pressed('h0'), async () => 'next', update);
  fault.reject(new Error('away'));
  await broken;
  await next;
  expect(window.shown).toEqual(['next']);
  await expect(
    turns.redraw(
      'V1',
      pressed('h1'),
      async () => 'x',
      async () => Promise.reject(refusal('invalid_arguments')),
    ),
  ).rejects.toThrow('invalid_arguments');
});

it('draws what was chosen last, however what was chosen before it is held up', async () => {
  const { window, update } = someWindow();
  const turns = createTurns();
  const [earlier, later] = [pressed('h0'), pressed('h0')];
  const newest = turns.redraw('V1', later, async () => 'both fields', update);
  await turns.redraw('V1', earlier, async () => 'one field', update);
  await newest;
  expect(window.shown).toEqual(['both fields']);
});
