import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Result } from '../domain/result.ts';
import { sendProblem } from './problem.ts';
import { rejectionProblem } from './rejection-text.ts';

/** Answers with the dressed value, or with the problem that the refusal is. `undefined` after dressing is 204. */
export function sendResult<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  result: Result<T>,
  dress: (value: T) => object | undefined,
  status = 200,
): FastifyReply {
  if (!result.ok) return sendProblem(request, reply, rejectionProblem(result.rejection));
  const body = dress(result.value);
  return body === undefined ? reply.code(204).send() : reply.code(status).send(body);
}
