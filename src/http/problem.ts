import type { FastifyReply, FastifyRequest } from 'fastify';

/** One thing that is wrong with the body, and where: `pointer` is a JSON pointer as a URI fragment. */
export type FieldError = { readonly pointer: string; readonly detail: string };

/**
 * A refusal, before it is written as RFC 9457.
 *
 * `code` is stable and ends the `type` URI. `detail` is for the person. `error` is what the published clients print;
 * it is `detail` unless they need another text.
 */
export type Problem = {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly error?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
};

/** One answer for what does not exist and for what is another organisation's: the two must not be told apart. */
export const notFound: Problem = { code: 'not-found', status: 404, title: 'Not found', detail: 'Not found' };

/** Nothing about the cause: it is in the log, under the request id. */
export const internalFault: Problem = {
  code: 'internal',
  status: 500,
  title: 'Fault on our side',
  detail: 'Something failed on our side. The administrator finds it in the log by the request id.',
};

/** The document as it goes over the wire; `requestId` is a UUID. */
export function problemDocument(problem: Problem, requestId: string): Record<string, unknown> {
  return {
    type: `urn:curfew:problem:${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    instance: `urn:uuid:${requestId}`,
    error: problem.error ?? problem.detail,
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
}

/** Answers the request with the problem; its handler or hook returns the reply. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds);
  return reply.code(problem.status).type('application/problem+json').send(problemDocument(problem, request.id));
}
