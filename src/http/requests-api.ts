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
import type { Scope } from '../domain/scope.ts';
import { instant } from '../domain/time.ts';
import { callerOf } from './auth.ts';
import { readCursor, toPage } from './id-cursor.ts';
import { answers, operation, pageOf, pageQuery } from './operation.ts';
import { changedJson, requestJson } from './reply-json.ts';
import { receiptJson, receiptSchema } from './receipt-json.ts';
import { requestDetailJson } from './request-detail-json.ts';
import { requestDetailSchema } from './request-detail-schema.ts';
import { changedSchema, requestSchema } from './request-schema.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const listQuery = z.object({
  ...pageQuery,
  status: requestSchema.shape.status.optional(),
  principal: text(320).optional(),
  requestor: text(320).optional(),
  service: text(100).optional(),
  since: z.iso.datetime().max(40).optional().describe('Made at this time or later'),
  breakGlass: z.enum(['used', 'unreviewed']).optional().describe('Only what was taken at once; `unreviewed`: and owes its review'),
});
const params = z.object({ org: z.string(), id: z.string() });
const approveBody = z.object({ expirationLength: text(100) });
/** Optional altogether: the clients may send nothing, or `{}`. */
const reasonBody = z.object({ reason: text(4000).optional() }).nullish();

const extendBody = z.object({ duration: text(100).describe('So much longer than now, like 1h'), reason: text(4000).optional() });

const noteBody = z.object({ note: text(4000).describe('What was found') });

const reviewing =
  'For whoever could decide such a request, for security reviewers and owners, and never for whoever took it. Until then they take nothing else at once.';
const extending =
  'A request of its own, decided by the policies of this moment, which begins where the access would end: the new end is the old one and the duration. All extensions together last no longer, from the first grant on, than the maximum. Answers with the new request, or with the one that is open.';
const receipting =
  'Who agreed, when it was given, when it ended and when the target was seen without it, and the events of the audit log that prove it: their numbers and hashes are those of an export. 400 (`no-receipt`) until it was seen to be gone.';
const narrowing =
  'For whoever may approve it and what it becomes. `resource` is one that the integration offers as less than the one that was asked for (`narrower` in curfew.yaml). The request goes on waiting; what others agreed to before is taken back.';
const taking =
  'In an emergency: for whoever asked for themselves, with a reason, where a policy has `breakGlass`. It is short, told to owners and approvers at once, and owes a review. What nobody has to decide any more is given in the usual way. Called again, it answers with the same request.';
const escalating =
  'Tells whoever is on call for the services that the `escalation` approvals of matching policies name, once, and asks the next of their `nextGroups` before its time. Called again, it asks the group after that, a minute after the last at the earliest.';

const changing = (id: string, scope: Scope, summary: string, description?: string) => ({
  ...operation(id, 'Access requests', scope, summary, description),
  ...answers({ 200: changedSchema }),
});

type Change = (caller: Caller, id: RequestId) => Promise<Result<PermissionRequest>>;

/** Reading, deciding, cancelling one request, and ending what it gave. An id that cannot be one is not found, like one that is unknown. */
export function serveRequests(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const path = '/permission-requests/:id';

  const listed = { ...operation('listRequests', 'Access requests', 'requests:read', 'List access requests'), querystring: listQuery };
  routes.get('/permission-requests', { schema: { ...listed, ...answers({ 200: pageOf(requestSchema) }) } }, async (request, reply) => {
    const { cursor, limit, since, status, principal, requestor, service, breakGlass } = request.query;
    const before = readCursor(cursor, parseRequestId);
    if (!before.ok) return sendResult(request, reply, before, () => undefined);
    const query = {
      status,
      principal,
      requestor,
      service,
      breakGlass,
      since: since === undefined ? undefined : instant(Date.parse(since)),
    };
    const result = await useCases.listRequests(callerOf(request), { ...query, before: before.value, limit: limit + 1 });
    return sendResult(request, reply, result, (found) => toPage(found, limit, requestJson));
  });

  const read = {
    ...operation(
      'readRequest',
      'Access requests',
      'requests:read',
      'Read a request',
      'In full: who could decide, what was decided, and all that happened.',
    ),
    params,
    ...answers({ 200: requestDetailSchema }),
  };
  routes.get(path, { schema: read }, async (request, reply) => {
    const id = parseRequestId(request.params.id);
    const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.history.read(callerOf(request), id);
    return sendResult(request, reply, result, requestDetailJson);
  });

  const receipt = {
    ...operation('readReceipt', 'Access requests', 'requests:read', 'Read the receipt of access that has ended', receipting),
    params,
    ...answers({ 200: receiptSchema }),
  };
  routes.get(`${path}/receipt`, { schema: receipt }, async (request, reply) => {
    const id = parseRequestId(request.params.id);
    const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.history.receipt(callerOf(request), id);
    return sendResult(request, reply, result, receiptJson);
  });

  routes.post(
    `${path}/approve`,
    { schema: { ...changing('approveRequest', 'requests:decide', 'Approve a request'), params, body: approveBody } },
    (request, reply) => {
      const given = request.body.expirationLength;
      const duration = parseDuration(given);
      return answer(request, reply, request.params.id, changedJson, async (caller, id) =>
        duration === undefined
          ? reject({ code: 'invalid-duration', given })
          : useCases.decideRequest(caller, id, { kind: 'approve', duration, digest: undefined }),
      );
    },
  );

  routes.post(
    `${path}/deny`,
    { schema: { ...changing('denyRequest', 'requests:decide', 'Deny a request'), params, body: reasonBody } },
    (request, reply) =>
      answer(request, reply, request.params.id, changedJson, async (caller, id) => {
        const reason = readReason(request.body?.reason);
        return reason.ok ? useCases.decideRequest(caller, id, { kind: 'deny', reason: reason.value }) : reason;
      }),
  );

  routes.post(
    `${path}/narrow`,
    {
      schema: {
        ...changing('narrowRequest', 'requests:decide', 'Make a pending request one for less', narrowing),
        params,
        body: z.object({ resource: text(300) }),
      },
    },
    (request, reply) =>
      answer(request, reply, request.params.id, changedJson, async (caller, id) =>
        useCases.narrowRequest(caller, id, request.body.resource),
      ),
  );

  routes.post(
    `${path}/extend`,
    {
      schema: {
        ...changing('extendRequest', 'command', 'Ask for more time on active access', extending),
        params,
        body: extendBody,
      },
    },
    (request, reply) => {
      const given = request.body.duration;
      const duration = parseDuration(given);
      return answer(request, reply, request.params.id, changedJson, async (caller, id) => {
        if (duration === undefined) return reject({ code: 'invalid-duration', given });
        const reason = readReason(request.body.reason);
        return reason.ok ? useCases.extendRequest(caller, id, { duration, reason: reason.value }) : reason;
      });
    },
  );

  routes.post(
    `${path}/escalate`,
    {
      schema: {
        ...changing('escalateRequest', 'command', 'Ask those on call, and the next group, about a pending request', escalating),
        params,
        body: reasonBody,
      },
    },
    (request, reply) =>
      answer(request, reply, request.params.id, changedJson, async (caller, id) => {
        const reason = readReason(request.body?.reason);
        return reason.ok ? useCases.escalateRequest(caller, id, reason.value) : reason;
      }),
  );

  for (const [action, door, summary] of [
    ['cancel', 'cancelRequest', 'Take a pending request back'],
    ['nudge', 'nudgeRequest', 'Ask the approvers of a pending request to hurry'],
    ['relinquish', 'relinquishGrant', 'Give access back'],
  ] as const) {
    routes.post(`${path}/${action}`, { schema: { ...changing(door, 'command', summary), params } }, (request, reply) =>
      answer(request, reply, request.params.id, changedJson, (caller, id) => useCases[door](caller, id)),
    );
  }

  routes.post(
    `${path}/break-glass`,
    { schema: { ...changing('takeAtOnce', 'command', 'Take at once what one waits for', taking), params } },
    (request, reply) => answer(request, reply, request.params.id, changedJson, (caller, id) => useCases.breakGlass.take(caller, id)),
  );

  routes.post(
    `${path}/review`,
    { schema: { ...changing('reviewBreakGlass', 'requests:decide', 'Review break-glass access', reviewing), params, body: noteBody } },
    (request, reply) =>
      answer(request, reply, request.params.id, changedJson, (caller, id) => useCases.breakGlass.review(caller, id, request.body.note)),
  );

  routes.post(
    `${path}/revoke`,
    { schema: { ...changing('revokeGrant', 'requests:decide', 'Take access away'), params, body: reasonBody } },
    (request, reply) =>
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
  return sendResult(request, reply, result, dress);
}
