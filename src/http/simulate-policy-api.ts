import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { parseDuration } from '../domain/duration.ts';
import { parseReason } from '../domain/reason.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const question = z
  .object({
    requestor: text(254),
    service: text(200),
    accessType: text(200),
    resource: text(1000),
    integration: text(200).optional(),
    reason: text(4000).optional(),
    duration: text(100).optional(),
    policies: z.enum(['all', 'matching']).default('all').describe('Whether to tell also of the policies that do not match'),
  })
  .meta({ id: 'PolicyQuestion' });

const simulation = z
  .object({
    outcome: z.enum(['deny', 'none', 'auto', 'persistent', 'ask', 'unavailable']),
    by: z.string().nullable().describe('The policy that settled it; of several, the first'),
    approvers: z.array(z.string()).describe('Who could decide such a request with the reason and the duration it has, in words'),
    requires: z.object({ reason: z.boolean(), duration: z.boolean(), preapproval: z.boolean() }),
    policies: z.array(
      z.object({
        name: z.string(),
        matches: z.union([z.boolean(), z.literal('unknown')]),
        because: z.enum(['disabled', 'resource', 'requestor']).nullable(),
      }),
    ),
  })
  .meta({ id: 'PolicySimulation' });

/** What the policies would make of a request. */
export function serveSimulatePolicy(scope: FastifyInstance, { policies }: UseCases): void {
  const op = operation('simulatePolicy', 'Policies', 'policies', 'Ask what becomes of a request', 'Nothing is written.');
  scope
    .withTypeProvider<ZodTypeProvider>()
    .post(
      '/policy/simulate',
      { schema: { ...op, params: z.object({ org: z.string() }), body: question, ...answers({ 200: simulation }) } },
      async (request, reply) => {
        const has = whatItHas(request.body);
        if (!has.ok) return sendResult(request, reply, has, () => undefined);
        const { requestor, service, accessType, resource, integration } = request.body;
        const right = { service, accessType, resource, integration };
        const onlyMatching = request.body.policies === 'matching';
        const result = await policies.simulate(callerOf(request), { requestor, right, onlyMatching, ...has.value });
        return sendResult(request, reply, result, (value) => value);
      },
    );
}

function whatItHas({ reason, duration }: z.infer<typeof question>): Result<{ readonly hasReason: boolean; readonly hasDuration: boolean }> {
  if (duration !== undefined && parseDuration(duration) === undefined) return reject({ code: 'invalid-duration', given: duration });
  const parsed = reason === undefined ? accept(undefined) : parseReason(reason);
  return parsed.ok ? accept({ hasReason: parsed.value !== undefined, hasDuration: duration !== undefined }) : parsed;
}
