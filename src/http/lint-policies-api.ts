import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PolicyLint } from '../app/lint-policies.ts';
import type { UseCases } from '../app/use-cases.ts';
import { findingCodes } from '../domain/lint-finding.ts';
import { callerOf } from './auth.ts';
import { tagged, tagVersion } from './entity-tag.ts';
import { answers, operation } from './operation.ts';
import { longestDocumentBytes, rulesSchema } from './policy-schema.ts';
import { sendResult } from './send-result.ts';

const params = z.object({ org: z.string() });
const lintSchema = z
  .object({
    findings: z.array(
      z
        .object({
          code: z.enum(findingCodes),
          severity: z
            .enum(['error', 'warning', 'info'])
            .describe('`error`: requests, or saving, are refused for it. `warning`: other than it looks. `info`: without effect'),
          policy: z.string().nullable().describe('Null where all of them are meant'),
          path: z.string().describe('A JSON pointer into `{"rules": […]}`'),
          text: z.string(),
        })
        .meta({ id: 'PolicyFinding' }),
    ),
    complete: z.boolean().describe('False where there was more to say than 1,000 findings'),
  })
  .meta({ id: 'PolicyLint' });
const only = 'Only what is certain without asking a directory. Findings never keep a policy from being saved; `refused` names what does.';

/** What is wrong, or looks wrong, with policies. */
export function serveLintPolicies(scope: FastifyInstance, { policies }: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/policy/lint',
    {
      schema: {
        ...operation('lintPolicies', 'Policies', 'policies', 'Check the stored policies', only),
        ...tagged,
        params,
        ...answers({ 200: lintSchema }),
      },
    },
    async (request, reply) => {
      const result = await policies.lint(callerOf(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, lintJson);
    },
  );
  routes.post(
    '/policy/lint',
    {
      bodyLimit: longestDocumentBytes,
      schema: {
        ...operation(
          'lintGivenPolicies',
          'Policies',
          'policies',
          'Check policies that are not stored',
          `${only} Nothing is written. The body may be 16 MiB.`,
        ),
        params,
        body: z.object({ rules: rulesSchema }),
        ...answers({ 200: lintSchema }),
      },
    },
    async (request, reply) => sendResult(request, reply, await policies.lintGiven(callerOf(request), request.body.rules), lintJson),
  );
}

const lintJson = ({ findings, complete }: PolicyLint) => ({ findings: [...findings], complete });
