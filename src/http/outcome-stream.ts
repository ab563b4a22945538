import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../app/ports.ts';
import type { Submitted, UseCases } from '../app/use-cases.ts';
import { isSettled } from '../app/watch-requests.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { callerNow, callerOf } from './auth.ts';
import { createOpenStreams } from './open-streams.ts';
import { rejectionText } from './rejection-text.ts';
import { polledJson } from './reply-json.ts';

const heartbeatMs = 20_000;
/** After this the caller is told how things stand, and may ask again. */
const usualLongestMs = 9 * 60_000;

export const lineType = 'application/x-ndjson';

export type OutcomeStreams = {
  /** Has this person, or have all together, as many streams as there may be? */
  isFull(caller: Caller): boolean;
  /**
   * Answers with lines of JSON: `first`, a heartbeat now and then, and one line with the outcome, which ends the stream.
   * Where no more may wait it ends at once, with how things stand.
   */
  send(request: FastifyRequest, reply: FastifyReply, found: Submitted, first: object): FastifyReply;
};

const mostOfOne = 20;

/** The answers of this process that wait for the outcome of a request; `longestMs` is 9 minutes unless given. */
export function createOutcomeStreams(scope: FastifyInstance, useCases: UseCases, longestMs = usualLongestMs): OutcomeStreams {
  // Cut, not ended: clients take an end without an outcome for an answer, and after a cut they ask again.
  const streams = createOpenStreams(scope, mostOfOne, (body) => body.destroy(new Error('the server stops')));
  return {
    isFull: (caller) => streams.isFull(caller),
    send(request, reply, found, first) {
      const mayWait = !streams.isFull(callerOf(request));
      const { body, gone } = streams.open(callerOf(request));
      const heartbeat = setInterval(() => body.write(line({ type: 'heartbeat' })), heartbeatMs);
      gone.addEventListener('abort', () => clearInterval(heartbeat));
      const tell = async () => {
        const { org, id } = found.request;
        const isOver = isSettled(found.request) || !mayWait;
        if (!isOver) await useCases.watch.until(org, id, AbortSignal.any([gone, AbortSignal.timeout(longestMs)]));
        if (gone.aborted) return;
        const last = isOver ? dataLine(found) : await readAgain(request, useCases, found.request);
        clearInterval(heartbeat);
        body.end(line(last));
      };
      body.write(line(first));
      tell().catch((error: unknown) => body.destroy(error instanceof Error ? error : new Error('the outcome could not be read')));
      return reply.type(lineType).send(body);
    },
  };
}

export const line = (value: object): string => `${JSON.stringify(value)}\n`;
const dataLine = (found: Submitted): object => ({ type: 'data', data: polledJson(found) });

/** A credential that was taken away, or has expired, during the wait learns nothing more. */
async function readAgain(request: FastifyRequest, useCases: UseCases, { org, id }: PermissionRequest): Promise<object> {
  const caller = await callerNow(request, useCases, org);
  if (caller === undefined) return { type: 'error', error: 'The API key or token expired or was revoked during the wait.' };
  const found = await useCases.pollRequest(caller, id);
  return found.ok ? dataLine(found.value) : { type: 'error', error: rejectionText(found.rejection) };
}
