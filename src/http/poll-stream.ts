import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { isSettled } from '../app/watch-requests.ts';
import { parseRequestId } from '../domain/ids.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { notFound, type Problem, sendProblem } from './problem.ts';
import { rejectionProblem } from './rejection-text.ts';
import { polledJson } from './reply-json.ts';

const heartbeatMs = 20_000;
/** After this the caller is told how things stand, and may ask again. */
const longestMs = 9 * 60_000;
const mostOfAll = 1_000;
const mostOfOne = 20;

const params = z.object({ org: z.string(), id: z.string() });
const line = (value: object) => `${JSON.stringify(value)}\n`;

/** `GET …/command/{id}/poll`: a line of JSON now and then, and one with the outcome. An order of lines that the clients insist on. */
export function servePoll(scope: FastifyInstance, useCases: UseCases): void {
  const streams = new Map<AbortController, string>();
  // A client whose stream is cut asks again, of whichever process is there then.
  scope.addHook('preClose', async () => {
    for (const stream of streams.keys()) stream.abort();
  });
  const schema = {
    ...operation(
      'pollCommand',
      'Commands',
      'command',
      'Wait for the outcome of a request',
      'Newline-delimited JSON: heartbeats, then one data line.',
    ),
    params,
    ...answers({ 200: z.string() }),
  };
  scope.withTypeProvider<ZodTypeProvider>().get('/command/:id/poll', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const caller = callerOf(request);
    const id = parseRequestId(request.params.id);
    if (id === undefined) return sendProblem(request, reply, notFound);
    const found = await useCases.pollRequest(caller, id);
    if (!found.ok) return sendProblem(request, reply, rejectionProblem(found.rejection));
    const own = [...streams.values()].filter((person) => person === caller.person.id).length;
    if (streams.size >= mostOfAll || own >= mostOfOne) return sendProblem(request, reply, tooManyStreams);

    const body = new PassThrough();
    const gone = new AbortController();
    streams.set(gone, caller.person.id);
    const until = AbortSignal.any([gone.signal, AbortSignal.timeout(longestMs)]);
    const heartbeat = setInterval(() => body.write(line({ type: 'heartbeat' })), heartbeatMs);
    body.on('close', () => gone.abort());
    gone.signal.addEventListener('abort', () => {
      clearInterval(heartbeat);
      streams.delete(gone);
      body.end();
    });
    const tell = async () => {
      const settled = isSettled(found.value) ? found.value : await useCases.watch.until(caller.org, id, until);
      if (gone.signal.aborted) return;
      const again = settled === undefined ? await useCases.pollRequest(caller, id) : undefined;
      const now = settled ?? (again?.ok === true ? again.value : found.value);
      clearInterval(heartbeat);
      body.end(line({ type: 'data', data: polledJson(now) }));
    };
    body.write(line({ type: 'heartbeat' }));
    tell().catch((error: unknown) => body.destroy(error instanceof Error ? error : new Error('the outcome could not be read')));
    return reply.type('application/x-ndjson').send(body);
  });
}

const tooManyStreams: Problem = {
  code: 'too-many-waiting',
  status: 429,
  title: 'Too many waiting',
  detail: 'Too many calls wait for a request already. Try again later.',
  retryAfterSeconds: 30,
};
