import { isoTime } from '../domain/time.ts';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { parseRequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { reject } from '../domain/result.ts';
import { callerOf } from './auth.ts';
import { readCursor, toPage } from './id-cursor.ts';
import { answers, operation, pageOf, pageQuery } from './operation.ts';
import { hoursJson } from './reply-json.ts';
import { hoursSchema } from './request-schema.ts';
import { sendResult } from './send-result.ts';

const params = z.object({ org: z.string(), id: z.string() });

const standingSchema = z
  .object({
    id: z.string().describe('The id of the request that led to it'),
    principal: z.string(),
    requestor: z.string(),
    permission: z.object({ integration: z.string(), service: z.string(), accessType: z.string(), resource: z.string() }),
    state: z.enum(['planned', 'active', 'ending']),
    seconds: z.number(),
    hours: hoursSchema.optional(),
    createdAt: z.string(),
    grantedAt: z.string().optional(),
    expiresAt: z.string().optional().describe('From then on it must be approved again'),
  })
  .meta({ id: 'StandingAccess' });

/** Access that policies give without anybody's decision, and that is not gone. */
export function serveStandingAccess(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const path = '/standing-access';

  const listed = operation('listStandingAccess', 'Standing access', 'requests:read', 'List standing access', whoSees);
  routes.get(
    path,
    { schema: { ...listed, querystring: z.object(pageQuery), ...answers({ 200: pageOf(standingSchema) }) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const before = readCursor(cursor, parseRequestId);
      const result = before.ok ? await useCases.standingAccess.page(callerOf(request), before.value, limit + 1) : before;
      return sendResult(request, reply, result, (found) => toPage(found, limit, standingJson));
    },
  );

  const read = operation('readStandingAccess', 'Standing access', 'requests:read', 'Read standing access');
  routes.get(`${path}/:id`, { schema: { ...read, params, ...answers({ 200: standingSchema }) } }, async (request, reply) => {
    const id = parseRequestId(request.params.id);
    const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.standingAccess.read(callerOf(request), id);
    return sendResult(request, reply, result, standingJson);
  });

  const ended = operation('endStandingAccess', 'Standing access', 'requests:decide', 'End standing access', whoEnds);
  routes.delete(
    `${path}/:id`,
    { schema: { ...ended, params, ...answers({ 204: z.null().describe('Ended') }) } },
    async (request, reply) => {
      const id = parseRequestId(request.params.id);
      const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.standingAccess.end(callerOf(request), id);
      return sendResult(request, reply, result, () => undefined);
    },
  );

  const kept = operation('keepStandingAccess', 'Standing access', 'requests:decide', 'Keep standing access for another term', whoKeeps);
  routes.post(`${path}/:id/keep`, { schema: { ...kept, params, ...answers({ 200: standingSchema }) } }, async (request, reply) => {
    const id = parseRequestId(request.params.id);
    const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.standingAccess.keep(callerOf(request), id);
    return sendResult(request, reply, result, standingJson);
  });
}

const whoSees = "The caller's own and what they asked for; all for owners, reviewers and viewers.";
const whoEnds = 'The principal gives it back; others take it away, who may revoke the request. Ending it again changes nothing.';
const whoKeeps = [
  'Owners and security reviewers, but not for themselves, and only where policies still give standing access.',
  'It becomes a request of its own, which takes over without a gap and ends one standing access time from now. Keeping it again answers with that one.',
].join(' ');

function standingJson(request: PermissionRequest): z.infer<typeof standingSchema> {
  const { state } = request;
  if (state.kind !== 'approved') throw new Error('standing access without an approval');
  const { state: grant, duration } = state.grant;
  const hours = hoursJson(state.grant);
  if (grant.kind === 'ended' || grant.kind === 'failed') throw new Error('standing access that is gone');
  return {
    id: request.id,
    principal: request.principal.email,
    requestor: request.requestor.email,
    permission: { ...request.permission },
    state: grant.kind,
    seconds: duration,
    ...(hours === undefined ? {} : { hours }),
    createdAt: isoTime(request.createdAt),
    ...(grant.kind === 'active' ? { grantedAt: isoTime(grant.grantedAt), expiresAt: isoTime(grant.expiresAt) } : {}),
  };
}
