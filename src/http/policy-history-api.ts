import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ListedPolicy, PolicyEvent, PolicyEventPlace } from '../app/policy-history-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { callerOf } from './auth.ts';
import { readCursor, toPage } from './id-cursor.ts';
import { answers, operation, pageOf, pageQuery } from './operation.ts';
import { policySchema } from './policy-schema.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string() });
const actor = z.record(z.string(), z.unknown()).describe('As in the audit log');
const eventSchema = z
  .object({
    version: z.string().describe('Of the whole document, by this change'),
    at: z.iso.datetime(),
    actor,
    name: z.string(),
    change: z.enum(['created', 'updated', 'deleted', 'moved']).describe('`moved`: only its place in the document is another one'),
    before: policySchema.nullable(),
    after: policySchema.nullable(),
  })
  .meta({ id: 'PolicyEvent' });
const listedSchema = z
  .object({
    name: z.string(),
    disabled: z.boolean(),
    version: z.string().describe("The document's when this policy last changed; also its ETag"),
    changedAt: z.iso.datetime(),
    changedBy: actor,
  })
  .meta({ id: 'ListedPolicy' });
const inOrder = { ...pageQuery, limit: pageQuery.limit.describe('At most so many, in the order of the document') };

/** Which policies there are, and who changed what and when. */
export function servePolicyHistory(scope: FastifyInstance, { policies }: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const op = (id: string, summary: string, description?: string) => operation(id, 'Policies', 'policies', summary, description);

  routes.get(
    '/policy',
    {
      schema: {
        ...op('listPolicies', 'List policies'),
        params,
        querystring: z.object(inOrder),
        ...answers({ 200: pageOf(listedSchema) }),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const after = readCursor(cursor, parseWhole);
      if (!after.ok) return sendResult(request, reply, after, () => undefined);
      const found = await policies.list(callerOf(request), { after: after.value, limit: limit + 1 });
      return sendResult(request, reply, found, (items) => toPage(items.map(withPosition), limit, listedJson));
    },
  );

  const history = { params, querystring: z.object(pageQuery), ...answers({ 200: pageOf(eventSchema) }) };
  routes.get(
    '/policy/history',
    { schema: { ...op('listPolicyHistory', 'List the changes of all policies'), ...history } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const before = readCursor(cursor, parsePlace);
      if (!before.ok) return sendResult(request, reply, before, () => undefined);
      const wish = { name: undefined, before: placeOf(before.value), limit: limit + 1 };
      const found = await policies.history(callerOf(request), wish);
      return sendResult(request, reply, found, (events) => toPage(events.map(withPlace), limit, eventJson));
    },
  );
  routes.get(
    '/policy/name/:name/history',
    {
      schema: {
        ...op(
          'listHistoryOfPolicy',
          'List the changes of one policy',
          'Also of one that is deleted. A rename is a deletion and a creation.',
        ),
        ...history,
        params: params.extend({ name: text(16 * 1024) }),
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const before = readCursor(cursor, parsePlace);
      if (!before.ok) return sendResult(request, reply, before, () => undefined);
      const wish = { name: request.params.name, before: placeOf(before.value), limit: limit + 1 };
      const found = await policies.history(callerOf(request), wish);
      return sendResult(request, reply, found, (events) => toPage(events.map(withPlace), limit, eventJson));
    },
  );
}

const parseWhole = (given: string): string | undefined => (/^\d{1,18}$/.test(given) ? given : undefined);
const parsePlace = (given: string): string | undefined => (/^\d{1,18}\.\d{1,18}$/.test(given) ? given : undefined);
function placeOf(cursor: string | undefined): PolicyEventPlace | undefined {
  const [version, position] = cursor?.split('.') ?? [];
  return version === undefined || position === undefined ? undefined : { version, position };
}

const withPosition = (listed: ListedPolicy) => ({ ...listed, id: listed.position });
const withPlace = (event: PolicyEvent) => ({ ...event, id: `${event.version}.${event.position}` });

const listedJson = ({ policy, version, changedAt, by }: ListedPolicy): z.input<typeof listedSchema> => ({
  name: policy.name,
  disabled: policy.disabled === true,
  version,
  changedAt: new Date(changedAt).toISOString(),
  changedBy: by,
});
const eventJson = ({ version, at, by, name, change, before, after }: PolicyEvent) => ({
  version,
  at: new Date(at).toISOString(),
  actor: by,
  name,
  change,
  before: before ?? null,
  after: after ?? null,
});
