import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Question } from '../app/simulate-policy.ts';
import type { UseCases } from '../app/use-cases.ts';
import { parseDuration } from '../domain/duration.ts';
import { parseReason } from '../domain/reason.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { parseStartTime, startTimeShape } from '../domain/start-time.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { rejectionProblem } from './rejection-text.ts';
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
    at: text(40).optional().describe('When it is asked, in ISO 8601; the default is now'),
    policies: z.enum(['all', 'matching']).default('all').describe('Whether to tell also of the policies that do not match'),
  })
  .meta({ id: 'PolicyQuestion' });

const simulation = z
  .object({
    outcome: z.enum(['deny', 'none', 'auto', 'persistent', 'ask', 'unavailable']),
    by: z.string().nullable().describe('The policy that settled it; of several, the first'),
    approvers: z.array(z.string()).describe('Who could decide such a request with the reason and the duration it has, in words'),
    requires: z.object({ reason: z.boolean(), duration: z.boolean(), preapproval: z.boolean() }),
    preApproval: z.uuid().nullable().describe('The pre-approval that would decide it at once'),
    breakGlass: z
      .object({
        possible: z.union([z.boolean(), z.literal('unknown')]),
        by: z.string().nullable().describe('The policy that lets it last longest'),
        seconds: z.int().nullable().describe('How long it may last'),
      })
      .describe('Whether it could be taken at once, in an emergency, with a reason and where no review is owed'),
    refusal: z
      .object({ code: z.string(), detail: z.string() })
      .nullable()
      .describe('What such a request would be refused for, as its problem document says it; null where it would be taken'),
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
  const op = operation(
    'simulatePolicy',
    'Policies',
    'policies',
    'Ask what becomes of a request',
    'Nothing is written. `at` is when pre-approvals are looked at; policies, settings, group membership and who is on call are those of now. What the person has and has asked for already is not looked at.',
  );
  scope
    .withTypeProvider<ZodTypeProvider>()
    .post(
      '/policy/simulate',
      { schema: { ...op, params: z.object({ org: z.string() }), body: question, ...answers({ 200: simulation }) } },
      async (request, reply) => {
        const facts = readFacts(request.body);
        if (!facts.ok) return sendResult(request, reply, facts, () => undefined);
        const { requestor, service, accessType, resource, integration } = request.body;
        const right = { service, accessType, resource, integration };
        const onlyMatching = request.body.policies === 'matching';
        const result = await policies.simulate(callerOf(request), { requestor, right, onlyMatching, ...facts.value });
        return sendResult(request, reply, result, ({ refusal, breakGlass: { atMost, ...breakGlass }, ...told }) => ({
          ...told,
          breakGlass: { ...breakGlass, seconds: atMost },
          refusal: refusal === null ? null : refusalJson(refusal),
        }));
      },
    );
}

function refusalJson(refusal: Rejection): { code: string; detail: string } {
  const { code, detail } = rejectionProblem(refusal);
  return { code, detail };
}

function readFacts({ reason, duration, at }: z.infer<typeof question>): Result<Pick<Question, 'reason' | 'duration' | 'at'>> {
  const seconds = duration === undefined ? undefined : parseDuration(duration);
  if (duration !== undefined && seconds === undefined) return reject({ code: 'invalid-duration', given: duration });
  const moment = at === undefined ? undefined : parseStartTime(at);
  if (at !== undefined && moment === undefined) return reject({ code: 'invalid-value', field: 'at', why: `Write ${startTimeShape}.` });
  const parsed = reason === undefined ? accept(undefined) : parseReason(reason);
  return parsed.ok ? accept({ reason: parsed.value, duration: seconds, at: moment }) : parsed;
}
