import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Caller } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import { parseDuration } from '../domain/duration.ts';
import { parseRequestId, type RequestId } from '../domain/ids.ts';
import { parseReason } from '../domain/reason.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { callerOf } from './auth.ts';
import { sendProblem } from './problem.ts';
import { rejectionProblem } from './rejection-text.ts';
import { changedJson, requestJson } from './reply-json.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string(), id: z.string() });
const approveBody = z.object({ expirationLength: text(100) });
/** Optional altogether: the clients may send nothing, or `{}`. */
const reasonBody = z.object({ reason: text(4000).optional() }).nullish();

type Change = (caller: Caller, id: RequestId) => Promise<Result<PermissionRequest>>;

/** Reading, deciding, cancelling one request, and ending what it gave. An id that cannot be one is not found, like one that is unknown. */
export function serveRequests(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const path = '/permission-requests/:id';

  routes.get(path, { schema: { params } }, (request, reply) =>
    answer(request, reply, request.params.id, requestJson, (caller, id) => useCases.readRequest(caller, id)),
  );

  routes.post(`${path}/approve`, { schema: { params, body: approveBody } }, (request, reply) => {
    const given = request.body.expirationLength;
    const duration = parseDuration(given);
    return answer(request, reply, request.params.id, changedJson, async (caller, id) =>
      duration === undefined
        ? reject({ code: 'invalid-duration', given })
        : useCases.decideRequest(caller, id, { kind: 'approve', duration, digest: undefined }),
    );
  });

  routes.post(`${path}/deny`, { schema: { params, body: reasonBody } }, (request, reply) =>
    answer(request, reply, request.params.id, changedJson, async (caller, id) => {
      const reason = readReason(request.body?.reason);
      return reason.ok ? useCases.decideRequest(caller, id, { kind: 'deny', reason: reason.value }) : reason;
    }),
  );

  for (const [action, door] of [
    ['cancel', 'cancelRequest'],
    ['relinquish', 'relinquishGrant'],
  ] as const) {
    routes.post(`${path}/${action}`, { schema: { params } }, (request, reply) =>
      answer(request, reply, request.params.id, changedJson, (caller, id) => useCases[door](caller, id)),
    );
  }

  routes.post(`${path}/revoke`, { schema: { params, body: reasonBody } }, (request, reply) =>
    answer(request, reply, request.params.id, changedJson, async (caller, id) => {
      const reason = readReason(request.body?.reason);
      return reason.ok ? useCases.revokeGrant(caller, id, reason.value) : reason;
    }),
  );
}

const readReason = (given: string | undefined): Result<string | undefined> => (given === undefined ? accept(given) : parseReason(given));

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  idText: string,
  dress: (request: PermissionRequest) => object,
  change: Change,
): Promise<FastifyReply> {
  const id = parseRequestId(idText);
  const result = id === undefined ? reject({ code: 'not-found' }) : await change(callerOf(request), id);
  return result.ok ? reply.send(dress(result.value)) : sendProblem(request, reply, rejectionProblem(result.rejection));
}
