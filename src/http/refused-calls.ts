import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RefusalCounter } from '../app/count-refusals.ts';

const doors = new WeakSet<FastifyRequest>();

/** A door refused this call, and has put that on record itself. */
export const refusedByDoor = (request: FastifyRequest): void => void doors.add(request);

/** Refused because something must be asked first that does not answer. Other faults of ours are no refusals. */
const unavailable = 503;
const isRefusal = (status: number): boolean => (status >= 400 && status < 500) || status === unavailable;

/**
 * Counts the calls that were refused and that no door has put on record: no or a bad token, another organisation's, a
 * body, an id or a duration that is none, too many calls, a repeat that is answered from what was kept.
 */
export function countRefusedCalls(scope: FastifyInstance, refusals: RefusalCounter): void {
  scope.addHook('onResponse', (request, { statusCode }, done) => {
    if (isRefusal(statusCode) && !doors.has(request)) refusals.count(String(statusCode));
    done();
  });
  scope.addHook('onClose', () => refusals.write());
}
