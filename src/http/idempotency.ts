import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ClaimedCall, KeptAnswer } from '../app/idempotency-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { callerOf } from './auth.ts';
import { bodyBytes } from './json-body.ts';
import type { HttpLog } from './log.ts';
import { type Problem, sendProblem } from './problem.ts';

/** Lower case, as Node has it. */
const header = 'idempotency-key';
export const idempotencyKey = /^[!-~]{1,255}$/;

/** Operations whose answer holds a secret that is shown once. It must not lie in a table, nor be shown to a repeat. */
export const secretAnswers: ReadonlySet<string> = new Set(['createApiKey', 'createWebhook', 'rotateWebhookSecret']);

/** An answer longer than this is not kept. */
const longestKeptBytes = 1024 * 1024;
/** What belongs to the answer; the rest belongs to the connection, and is made anew. */
const keptHeaders = ['content-type', 'etag', 'location', 'retry-after'];

/** A POST with an `Idempotency-Key` is carried out once; a repeat within 24 hours gets the same answer (I14, ADR 5). */
export function answerRepeats(scope: FastifyInstance, { idempotency }: UseCases, org: Org, log: HttpLog): void {
  scope.decorateRequest('claimedCall', null);
  scope.addHook('preHandler', async (request, reply) => {
    const key = request.headers[header];
    if (request.method !== 'POST' || request.is404 || key === undefined) return undefined;
    if (typeof key !== 'string' || !idempotencyKey.test(key)) return sendProblem(request, reply, malformedKey);
    const claim = await idempotency.claim(org, slotOf(request, key), digestOf(request));
    if (claim.kind === 'answered') return sendAgain(reply, claim.answer);
    if (claim.kind !== 'mine') return sendProblem(request, reply, problems[claim.kind]);
    request.setDecorator<ClaimedCall>('claimedCall', claim.call);
    return undefined;
  });
  // With a callback, because what is called from here runs within the call: the handler, and the transactions it makes.
  scope.addHook('preHandler', (request, _reply, done) => {
    const call = request.getDecorator<ClaimedCall | null>('claimedCall');
    if (call === null) done();
    else call.within(done);
  });
  scope.addHook('onSend', async (request, reply, payload) => {
    const call = request.getDecorator<ClaimedCall | null>('claimedCall');
    // The call was carried out: that its answer could not be kept is no reason to keep it from who waits for it.
    if (call !== null)
      await finish(call, request, reply, payload).catch((error: unknown) =>
        log.error({ requestId: request.id, err: error }, 'what came of a call could not be kept for its repeats'),
      );
    return payload;
  });
}

const sha256 = (parts: readonly unknown[]): Uint8Array => createHash('sha256').update(JSON.stringify(parts)).digest();

/** Whose key it is, and for which address. A token of an issuer has no id, but it may be narrower than the one before. */
function slotOf(request: FastifyRequest, key: string): Uint8Array {
  const { person, key: apiKey, scopes } = callerOf(request);
  const credential = apiKey ?? [...scopes].sort();
  // Route and parameters are the address without its spelling: slashes, percent-encoding.
  return sha256([person.id, credential, request.method, request.routeOptions.url, request.params, key]);
}

/** What is asked for, and on which condition. The body counts as it was sent, byte for byte. */
function digestOf(request: FastifyRequest): Uint8Array {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
  const body = createHash('sha256').update(bodyBytes(request)).digest('hex');
  return sha256([request.query, ifMatch, ifNoneMatch, body]);
}

function finish(call: ClaimedCall, request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
  const body = bytesOf(payload);
  const status = reply.statusCode;
  const mayChange = status >= 500 || status === 429;
  if (mayChange || body === undefined || body.length > longestKeptBytes) return call.release();
  if (status < 400 && secretAnswers.has(request.routeOptions.schema?.operationId ?? '')) return call.withhold();
  const headers = keptHeaders.flatMap((name) => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return call.keep({ status, headers: Object.fromEntries(headers), body });
}

/** Undefined for a stream. */
function bytesOf(payload: unknown): Uint8Array | undefined {
  if (payload === undefined || payload === null) return Buffer.alloc(0);
  if (typeof payload === 'string') return Buffer.from(payload);
  return Buffer.isBuffer(payload) ? payload : undefined;
}

function sendAgain(reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply {
  void reply.code(status).headers(headers).header('idempotency-replayed', 'true');
  return body.length === 0 ? reply.send() : reply.send(body);
}

const malformedKey: Problem = {
  code: 'invalid-header',
  status: 400,
  title: 'Invalid header',
  detail: `header/${header}: must be sent once, with 1 to 255 visible ASCII characters`,
  errors: [{ pointer: `header/${header}`, detail: 'must be sent once, with 1 to 255 visible ASCII characters' }],
};

const problems: Readonly<Record<'running' | 'withheld' | 'other-request', Problem>> = {
  running: {
    code: 'idempotency-in-progress',
    status: 409,
    title: 'In progress',
    detail: 'A call with this Idempotency-Key is being carried out. Repeat it in a moment.',
    retryAfterSeconds: 1,
  },
  withheld: {
    code: 'idempotency-answer-withheld',
    status: 409,
    title: 'Carried out already',
    detail:
      'A call with this Idempotency-Key was carried out, and its answer cannot be given again: it was lost, was a stream or too long to be kept, or held a secret that is shown once. Read how things stand, and use a new key to call anew.',
  },
  'other-request': {
    code: 'idempotency-key-reused',
    status: 422,
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key was used within the last 24 hours for a call with another query or body. Use a new key.',
  },
};
