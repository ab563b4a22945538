import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { parseRequestId } from '../domain/ids.ts';
import { callerOf } from './auth.ts';
import { tooManyStreams } from './open-streams.ts';
import { answers, operation } from './operation.ts';
import { lineType, type OutcomeStreams } from './outcome-stream.ts';
import { notFound, sendProblem } from './problem.ts';
import { sendRejection } from './send-result.ts';

const params = z.object({ org: z.string(), id: z.string() });
const schema = {
  ...operation(
    'pollCommand',
    'Commands',
    'command',
    'Wait for the outcome of a request',
    'Newline-delimited JSON: heartbeats, then one data line.',
  ),
  params,
  ...answers({ 200: { description: 'Lines of JSON', content: { [lineType]: { schema: z.string() } } } }),
};

/** `GET …/command/{id}/poll`: a line of JSON now and then, and one with the outcome. An order of lines that the clients insist on. */
export function servePoll(scope: FastifyInstance, useCases: UseCases, streams: OutcomeStreams): void {
  scope.withTypeProvider<ZodTypeProvider>().get('/command/:id/poll', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const caller = callerOf(request);
    const id = parseRequestId(request.params.id);
    if (id === undefined) return sendProblem(request, reply, notFound);
    const found = await useCases.pollRequest(caller, id);
    if (!found.ok) return sendRejection(request, reply, found.rejection);
    if (streams.isFull(caller)) return sendProblem(request, reply, tooManyStreams);
    return streams.send(request, reply, found.value, { type: 'heartbeat' });
  });
}
