import type { Integrations } from './app/ports.ts';
import type { Store } from './app/store.ts';
import type { Work } from './app/use-cases.ts';
import type { Backlog } from './app/vitals-store.ts';
import type { Instant } from './domain/time.ts';

/** What the gate asks of the database. */
export type BacklogDeps = {
  readonly store: Pick<Store, 'now' | 'handOver' | 'isTakingLeft'>;
  readonly integrations: Pick<Integrations, 'all'>;
  readonly isOutage: (error: unknown) => boolean;
};

/**
 * After a stop, and after the database was away, whatever is overdue is taken away before anything new is given, and before all that
 * should be there is looked at. `isTaken` says that everything that was due by then has been tried at least once: a target that is away
 * keeps its own rights overdue, and nobody else waiting.
 */
export function takeBacklogFirst<W extends Pick<Work, 'take' | 'give' | 'watchDrift' | 'findOrphans'>>(
  work: W,
  { store, integrations, isOutage }: BacklogDeps,
): { readonly work: W; isTaken(): boolean } {
  /** From when what is due has to be tried first; undefined: from the next taking on. */
  let since: Instant | undefined;
  let taken = false;
  const take = async (): Promise<number> => {
    const from = (since ??= await store.now());
    // What was being given when everything stopped, and has ended, is overdue like the rest.
    if (!taken) await store.handOver();
    const looked = await work.take();
    if (taken) return looked;
    const known = integrations.all().map(({ name }) => name);
    // Another taking of ours may be in the middle of it, or the database may have been away since.
    if ((await store.isTakingLeft(from, known)) || since !== from) return looked;
    taken = true;
    return looked + (await work.give());
  };
  return {
    work: {
      ...work,
      take: () =>
        take().catch((error: unknown) => {
          if (isOutage(error)) [since, taken] = [undefined, false];
          throw error;
        }),
      give: async () => (taken ? work.give() : 0),
      watchDrift: async () => (taken ? work.watchDrift() : undefined),
      findOrphans: async () => (taken ? work.findOrphans() : undefined),
    },
    isTaken: () => taken,
  };
}

/** Longer than the sweep and a call take: no worker runs, or none of them gets to it. */
const longSeconds = 60;

/**
 * How the health page tells of what is to be taken away. Only a worker that has not tried it yet is unready for it: a process that
 * answers must go on answering, as decisions and the panic switch are wanted then most.
 * @param waits  undefined: the database does not say
 */
export function backlogCheck(isTaken: boolean, waits: Backlog | undefined): { readonly ok: boolean; readonly detail?: string } {
  if (!isTaken) return { ok: false, detail: 'what fell due while nothing ran is being taken away first' };
  if (waits === undefined) return { ok: false, detail: 'unknown' };
  const { rights, oldestSeconds } = waits;
  if (rights === 0) return { ok: true };
  const many = rights > 1000 ? 'more than 1000 rights wait' : rights === 1 ? '1 right waits' : `${rights} rights wait`;
  const since = `${many} to be taken away, the longest for ${Math.round(oldestSeconds)} s`;
  return oldestSeconds > longSeconds ? { ok: false, detail: `${since}: is a worker running?` } : { ok: true, detail: since };
}
