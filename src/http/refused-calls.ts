import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RefusedCalls, UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import type { HttpLog } from './log.ts';

const everyMs = 60_000;
const doors = new WeakSet<FastifyRequest>();

/** A door refused this call, and has put that on record itself. */
export const refusedByDoor = (request: FastifyRequest): void => void doors.add(request);

/** Refused because something must be asked first that does not answer. Other faults of ours are no refusals. */
const unavailable = 503;
const isRefusal = (status: number): boolean => (status >= 400 && status < 500) || status === unavailable;

/**
 * Counts the calls that were refused and that no door has put on record: no or a bad token, another organisation's, a
 * body, an id or a duration that is none, too many calls, a repeat that is answered from what was kept. Anybody can send
 * millions of them, so they are one audit event a minute and not one each. What was counted in the last minute is lost
 * if the process is killed.
 */
export function countRefusedCalls(scope: FastifyInstance, useCases: UseCases, org: Org, log: HttpLog): void {
  let counts: Record<string, number> = {};
  let timer: NodeJS.Timeout | undefined;
  const write = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const written: RefusedCalls = counts;
    counts = {};
    if (Object.keys(written).length === 0) return;
    await useCases
      .recordRefusedCalls(org, written)
      .catch((error: unknown) => log.error({ err: error, refused: written }, 'how many calls were refused could not be put on record'));
  };
  scope.addHook('onResponse', async (request, { statusCode }) => {
    if (!isRefusal(statusCode) || doors.has(request)) return;
    counts[statusCode] = (counts[statusCode] ?? 0) + 1;
    timer ??= setTimeout(() => void write(), everyMs).unref();
  });
  scope.addHook('onClose', write);
}
