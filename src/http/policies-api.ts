import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PolicyDocument } from '../app/policies-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { callerOf } from './auth.ts';
import { conditional, ifMatch, tagged, tagVersion } from './entity-tag.ts';
import { serveLintPolicies } from './lint-policies-api.ts';
import { answers, operation } from './operation.ts';
import { servePolicyHistory } from './policy-history-api.ts';
import { longestDocumentBytes, policySchema, rulesSchema } from './policy-schema.ts';
import { sendResult } from './send-result.ts';
import { serveSimulatePolicy } from './simulate-policy-api.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string() });
const named = params.extend({ name: text(16 * 1024) });
const documentSchema = z
  .object({ id: z.string(), createdDate: z.string().nullable(), version: z.string(), rules: z.array(policySchema) })
  .meta({ id: 'PolicyDocument' });
const latestSchema = z.object({ workflow: z.object({ rules: z.array(policySchema), version: z.string() }) }).meta({ id: 'LatestPolicies' });
const replaceBody = z.object({
  workflow: z.object({ rules: rulesSchema }),
  currentVersion: z.string().max(30),
});

/** Access policies, under both names that the published clients know. */
export function servePolicies(scope: FastifyInstance, useCases: UseCases): void {
  serveNamed(scope, useCases, '/policy', 'Policy');
  serveNamed(scope, useCases, '/routing', 'RoutingRule');
  serveDocument(scope, useCases);
  serveSimulatePolicy(scope, useCases);
  servePolicyHistory(scope, useCases);
  serveLintPolicies(scope, useCases);
}

function serveNamed(scope: FastifyInstance, { policies }: UseCases, prefix: string, noun: string): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const op = (verb: string, summary: string) => operation(`${verb}${noun}`, 'Policies', 'policies', summary);
  const path = `${prefix}/name/:name`;
  routes.post(
    path,
    { schema: { ...op('create', 'Create a policy'), ...tagged, params: named, body: policySchema, ...answers({ 201: policySchema }) } },
    async (request, reply) => {
      const result = await policies.create(callerOf(request), request.params.name, request.body);
      tagVersion(reply, result);
      return sendResult(request, reply, result, ({ policy }) => policy, 201);
    },
  );
  routes.get(
    path,
    { schema: { ...op('read', 'Read a policy'), ...tagged, params: named, ...answers({ 200: policySchema }) } },
    async (request, reply) => {
      const result = await policies.read(callerOf(request), request.params.name);
      tagVersion(reply, result);
      return sendResult(request, reply, result, ({ policy }) => policy);
    },
  );
  routes.put(
    path,
    {
      schema: { ...op('update', 'Change a policy'), ...conditional, params: named, body: policySchema, ...answers({ 200: policySchema }) },
    },
    async (request, reply) => {
      const result = await policies.update(callerOf(request), request.params.name, request.body, ifMatch(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, ({ policy }) => policy);
    },
  );
  routes.delete(
    path,
    { schema: { ...op('delete', 'Delete a policy'), ...conditional, params: named, ...answers({ 204: z.null().describe('Deleted') }) } },
    async (request, reply) =>
      sendResult(request, reply, await policies.remove(callerOf(request), request.params.name, ifMatch(request)), () => undefined),
  );
  routes.get(
    `${prefix}/latest`,
    { schema: { ...op('latest', 'Read all policies with their version'), ...tagged, params, ...answers({ 200: latestSchema }) } },
    async (request, reply) => {
      const result = await policies.document(callerOf(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, latestJson);
    },
  );
}

function serveDocument(scope: FastifyInstance, { policies }: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/routing',
    {
      schema: {
        ...operation('readRouting', 'Policies', 'policies', 'Read the whole document'),
        ...tagged,
        params,
        ...answers({ 200: documentSchema }),
      },
    },
    async (request, reply) => {
      const result = await policies.document(callerOf(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, documentJson);
    },
  );
  routes.get(
    '/routing/:version',
    {
      schema: {
        ...operation(
          'readRoutingVersion',
          'Policies',
          'policies',
          'Read the whole document as a version had it',
          'Its `id` is the version.',
        ),
        ...tagged,
        params: params.extend({ version: text(100) }),
        ...answers({ 200: documentSchema }),
      },
    },
    async (request, reply) => {
      const result = await policies.documentAt(callerOf(request), request.params.version);
      tagVersion(reply, result);
      return sendResult(request, reply, result, documentJson);
    },
  );
  routes.post(
    '/routing',
    {
      bodyLimit: longestDocumentBytes,
      schema: {
        ...operation(
          'replaceRouting',
          'Policies',
          'policies',
          'Replace the whole document',
          '409 where `currentVersion` is not current. The body may be 16 MiB; a document that says what is there already makes no version.',
        ),
        ...conditional,
        params,
        body: replaceBody,
        ...answers({ 200: latestSchema }),
      },
    },
    async (request, reply) => {
      const { workflow, currentVersion } = request.body;
      const result = await policies.replace(callerOf(request), workflow.rules, currentVersion, ifMatch(request));
      tagVersion(reply, result);
      return sendResult(request, reply, result, latestJson);
    },
  );
}

const latestJson = ({ rules, version }: PolicyDocument) => ({ workflow: { rules, version } });
const documentJson = ({ rules, version, changedAt }: PolicyDocument) => ({
  id: version,
  createdDate: changedAt === undefined ? null : new Date(changedAt).toISOString(),
  version,
  rules,
});
