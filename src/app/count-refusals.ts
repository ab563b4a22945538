import type { Org } from '../domain/ids.ts';
import type { Log } from './ports.ts';
import type { RefusedCalls, UseCases } from './use-cases.ts';

/** Refusals that no door has put on record, because nobody got as far as a door. */
export type RefusalCounter = {
  /** `kind` is one of a few words of ours, and never of what came in: it becomes a member of the event. */
  count(kind: string): void;
  /** Puts on record what was counted and is not there yet. */
  write(): Promise<void>;
};

const everyMs = 60_000;

/**
 * Anybody can be refused millions of times, so that is one audit event a minute and not one each. What was counted in the
 * last minute is lost if the process is killed; who stops it in good order calls `write` last.
 */
export function createRefusalCounter({
  useCases,
  org,
  log,
}: {
  readonly useCases: Pick<UseCases, 'recordRefusedCalls'>;
  readonly org: Org;
  readonly log: Pick<Log, 'error'>;
}): RefusalCounter {
  let counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const write = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const written: RefusedCalls = Object.fromEntries(counts);
    counts = new Map();
    if (Object.keys(written).length === 0) return;
    await useCases
      .recordRefusedCalls(org, written)
      .catch((error: unknown) => log.error({ err: error, refused: written }, 'how many calls were refused could not be put on record'));
  };
  return {
    count(kind) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      timer ??= setTimeout(() => void write(), everyMs).unref();
    },
    write,
  };
}
