import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { parseRequestId } from '../domain/ids.ts';
import { reject } from '../domain/result.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { changedJson } from './reply-json.ts';
import { changedSchema } from './request-schema.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string(), id: z.string() });
const answered = z.object({ org: z.string(), id: z.string(), number: z.coerce.number().int().min(1).max(99).describe('From 1') });

/** What approvers want to know before they decide, and what whoever waits says to it. */
export function serveQuestions(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const path = '/permission-requests/:id/questions';
  const ask = {
    ...operation('questionRequest', 'Access requests', 'requests:decide', 'Ask about a pending request', 'For whoever may decide it.'),
    params,
    body: z.object({ question: text(4000) }),
    ...answers({ 200: changedSchema }),
  };
  routes.post(path, { schema: ask }, async (request, reply) => {
    const id = parseRequestId(request.params.id);
    const result =
      id === undefined ? reject({ code: 'not-found' }) : await useCases.questionRequest(callerOf(request), id, request.body.question);
    return sendResult(request, reply, result, changedJson);
  });

  const answer = {
    ...operation('answerQuestion', 'Access requests', 'command', 'Answer a question', 'For its requestor or principal, once.'),
    params: answered,
    body: z.object({ answer: text(4000) }),
    ...answers({ 200: changedSchema }),
  };
  routes.post(`${path}/:number/answer`, { schema: answer }, async (request, reply) => {
    const { number } = request.params;
    const id = parseRequestId(request.params.id);
    const result =
      id === undefined
        ? reject({ code: 'not-found' })
        : await useCases.answerQuestion(callerOf(request), id, { number, text: request.body.answer });
    return sendResult(request, reply, result, changedJson);
  });
}
