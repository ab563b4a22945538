/** Redrawing a window for whoever chooses faster than we draw: in order, and only for what was chosen last. */
import { apiError } from './api-error.ts';

const mostKept = 1_000;

type Seen = { readonly newest: symbol; readonly ts: string; readonly done: Promise<void>; readonly hash: string | undefined };

export type Turns = {
  /**
   * Waits for what is under way in this window and does `draw`, unless something newer came or had come: `chosen` is what was
   * chosen, by the window's hash and Slack's time as it was. `update` gets the hash that the
   * window has to have, and answers with its new one; a window that became another one meanwhile is left alone.
   */
  redraw<V>(
    viewId: string,
    chosen: { readonly hash: string; readonly ts: string },
    draw: () => Promise<V>,
    update: (view: V, hash: string) => Promise<string | undefined>,
  ): Promise<void>;
  /** Nothing that is under way may change this window any more. */
  close(viewId: string): void;
};

export function createTurns(): Turns {
  const windows = new Map<string, Seen>();
  const keep = (viewId: string, seen: Seen): void => {
    windows.delete(viewId);
    windows.set(viewId, seen);
    const [oldest] = windows.keys();
    if (windows.size > mostKept && oldest !== undefined) windows.delete(oldest);
  };
  return {
    redraw(viewId, { hash, ts }, draw, update) {
      const before = windows.get(viewId);
      if (before !== undefined && isBefore(ts, before.ts)) return before.done;
      const turn = Symbol(viewId);
      const isNewest = (): boolean => windows.get(viewId)?.newest === turn;
      const work = async (): Promise<void> => {
        await before?.done;
        if (!isNewest()) return;
        const view = await draw();
        if (!isNewest()) return;
        // Whoever chose before the last redrawing reached them names the hash before it.
        const hashes = [hash, windows.get(viewId)?.hash].filter((each) => each !== undefined);
        let drawn: string | undefined;
        for (const each of hashes) if (drawn === undefined && isNewest()) drawn = await tryUpdate(() => update(view, each));
        const seen = windows.get(viewId);
        if (seen !== undefined && drawn !== undefined) windows.set(viewId, { ...seen, hash: drawn });
      };
      const done = work();
      // Only to know when it ends; whoever awaits `done` hears of its failure.
      const ended = done.catch(() => undefined);
      keep(viewId, { newest: turn, ts, done: ended, hash: before?.hash });
      return done;
    },
    close(viewId) {
      const seen = windows.get(viewId);
      if (seen !== undefined) keep(viewId, { ...seen, newest: Symbol('closed') });
    },
  };
}

/** Of two of Slack's times: seconds with six decimals, which compare as text where they are of one length. */
const isBefore = (ts: string, other: string): boolean => ts.length === other.length && ts < other;

/** Undefined where the window is not what it was. */
async function tryUpdate(update: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await update();
  } catch (error) {
    // A window that was closed has nothing to redraw.
    if (['hash_conflict', 'not_found', 'view_not_found'].includes(apiError(error) ?? '')) return undefined;
    throw error;
  }
}
