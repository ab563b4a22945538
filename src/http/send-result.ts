import type { FastifyReply, FastifyRequest } from 'fastify';
import { isOnRecord } from '../app/doorway.ts';
import type { Rejection, Result } from '../domain/result.ts';
import { sendProblem } from './problem.ts';
import { refusedByDoor } from './refused-calls.ts';
import { rejectionProblem } from './rejection-text.ts';

/** Answers with the dressed value, or with the problem that the refusal is. `undefined` after dressing is 204. */
export function sendResult<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  result: Result<T>,
  dress: (value: T) => object | undefined,
  status = 200,
): FastifyReply {
  if (!result.ok) return sendRejection(request, reply, result.rejection);
  const body = dress(result.value);
  return body === undefined ? reply.code(204).send() : reply.code(status).send(body);
}

/** Answers with the problem that a refusal is, be it a door's or one of the route itself. */
export function sendRejection(request: FastifyRequest, reply: FastifyReply, rejection: Rejection): FastifyReply {
  if (isOnRecord(rejection)) refusedByDoor(request);
  return sendProblem(request, reply, rejectionProblem(rejection));
}
