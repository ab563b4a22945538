import type { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { SealedRequestEvent } from '../app/request-history-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { reject } from '../domain/result.ts';
import { callerNow, callerOf } from './auth.ts';
import { streamedJson } from './event-json.ts';
import { createOpenStreams, tooManyStreams } from './open-streams.ts';
import { answers, operation } from './operation.ts';
import { sendProblem } from './problem.ts';
import { sendResult } from './send-result.ts';

const heartbeatMs = 15_000;
/** Each may read the log from its beginning. */
const mostOfOne = 10;
const eventStream = 'text/event-stream';

const position = z.string().regex(/^(?:0|[1-9]\d{0,14})$/, 'Must be the id of an event: a whole number');

const about = `Server-sent events: what happens to requests and grants, as far as the caller may read the requests. Each has the \
action as \`event\`, a number as \`id\`, and one line of JSON as \`data\` with \`id\`, \`at\`, \`action\`, \`actor\`, \`requestId\`, \
\`grantId\`, \`status\` and \`data\`. Events come once they are sealed into the audit chain, about a second after they happened, \
and without end. Without a position the stream begins with what is to come.`;

const schema = {
  ...operation('followRequests', 'Access requests', 'requests:read', 'Follow what happens', about),
  params: z.object({ org: z.string() }),
  querystring: z.object({ after: position.optional().describe('Begin after this event; 0: with the first') }),
  headers: z.looseObject({ 'last-event-id': position.optional().describe('Begin after this event; goes before `after`') }),
  ...answers({ 200: { description: 'Events', content: { [eventStream]: { schema: z.string() } } } }),
};

/** `GET …/permission-requests/events`: whoever comes back with the id of the last event they have seen misses none and sees none twice. */
export function serveEvents(scope: FastifyInstance, useCases: UseCases): void {
  const streams = createOpenStreams(scope, mostOfOne, (body) => body.end());
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.get('/permission-requests/events', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const caller = callerOf(request);
    const head = await useCases.history.head(caller);
    if (!head.ok) return sendResult(request, reply, head, () => undefined);
    const given = request.headers['last-event-id'] ?? request.query.after;
    const after = given === undefined ? head.value : Number(given);
    if (after > head.value) return sendResult(request, reply, ofAnotherLog, () => undefined);
    if (streams.isFull(caller)) return sendProblem(request, reply, tooManyStreams);

    const { body, gone } = streams.open(caller);
    const fail = (error: unknown) => void body.destroy(error instanceof Error ? error : new Error('the events could not be read'));
    const heartbeat = setInterval(startBeat(request, useCases, caller.org, body, fail), heartbeatMs);
    gone.addEventListener('abort', () => clearInterval(heartbeat));
    // The position alone is no event; who is cut off before the first one knows where to go on.
    body.write(`id: ${after}\n\n`);
    follow(request, useCases, caller.org, after, body, gone).catch(fail);
    // Proxies that gather an answer before they pass it on would hold events back.
    return reply.type(eventStream).header('x-accel-buffering', 'no').send(body);
  });
}

const ofAnotherLog = reject({ code: 'invalid-value', field: 'after', why: 'No event with this id has been sealed yet.' });

/** The credential is looked at before each delivery: one that was taken away, or has expired, ends the stream. */
async function follow(request: FastifyRequest, useCases: UseCases, org: Org, after: number, body: PassThrough, gone: AbortSignal) {
  for (let seen = after; !gone.aborted; ) {
    const stretch = await useCases.history.feed.next(org, seen, gone);
    const caller = stretch === undefined ? undefined : await callerNow(request, useCases, org);
    if (stretch === undefined || caller === undefined) break;
    const visible = await useCases.history.visible(caller, stretch);
    if (!visible.ok) break;
    if (!body.writable) return;
    const text = visible.value.map(eventText).join('');
    // A client that reads slowly is waited for: nothing piles up here.
    if (text !== '' && !body.write(text)) await drained(body, gone);
    seen = stretch.upTo;
  }
  body.end();
}

const drained = (body: PassThrough, gone: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    body.once('drain', resolve);
    gone.addEventListener('abort', () => resolve(), { once: true });
  });

const eventText = (event: SealedRequestEvent): string =>
  `id: ${event.seq}\nevent: ${event.action}\ndata: ${JSON.stringify(streamedJson(event))}\n\n`;

/** Ends the stream where the credential is no more, or where the client has read nothing for a whole beat: it would stay for ever. */
function startBeat(request: FastifyRequest, useCases: UseCases, org: Org, body: PassThrough, fail: (error: unknown) => void): () => void {
  let wasStuck = false;
  const beat = async (): Promise<void> => {
    // It has ended, and what it held was not fetched since.
    if (!body.writable || (wasStuck && body.writableNeedDrain)) return void body.destroy();
    if ((await callerNow(request, useCases, org)) === undefined) body.end();
    else if (body.writable && !body.writableNeedDrain) body.write(': still here\n\n');
    wasStuck = body.writableNeedDrain;
  };
  return () => void beat().catch(fail);
}
