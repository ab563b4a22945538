import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiKey } from '../app/keys-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { longestKeyName, mostKeys } from '../domain/api-key.ts';
import { type Scope, scopes } from '../domain/scope.ts';
import { isoTime, type Instant } from '../domain/time.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const instantText = z.iso.datetime();
const scopeSchema = z.enum(scopes);
const keySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    owner: z.string().describe('The e-mail address of the person for whom the key acts'),
    scopes: z.array(scopeSchema),
    createdAt: instantText,
    createdBy: z.string().nullable().describe('null: the configuration'),
    expiresAt: instantText.nullable().describe('null: never. Only the key that the configuration gives is like that'),
    expired: z.boolean(),
    lastUsedAt: instantText.nullable().describe('To the minute; null: never used'),
  })
  .meta({ id: 'ApiKey' });
const madeSchema = z
  .object({
    id: z.uuid(),
    key: z.string(),
    name: z.string(),
    owner: z.string(),
    scopes: z.array(scopeSchema),
    expiresAt: instantText.nullable(),
  })
  .meta({ id: 'CreatedApiKey' });

const params = z.object({ org: z.string() });
const body = z.object({
  name: text(longestKeyName),
  owner: text(254).describe('The e-mail address of the person for whom the key acts'),
  scopes: z.array(scopeSchema).min(1).max(scopes.length),
  expiresIn: text(100).optional().describe('A duration such as 90d or "12 hours", at most 365 days; 90 days if left out'),
});

/** API keys: made, listed, taken away. */
export function serveKeys(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const needs: Scope = 'keys';

  routes.post(
    '/api-keys',
    {
      schema: {
        ...operation('createApiKey', 'API keys', needs, 'Make an API key', `\`key\` is shown once. There can be at most ${mostKeys} keys.`),
        params,
        body,
        ...answers({ 201: madeSchema }),
      },
    },
    async (request, reply) => {
      const { name, owner, scopes: wanted, expiresIn } = request.body;
      const result = await useCases.keys.create(callerOf(request), { name, owner, scopes: wanted, expiresIn });
      return sendResult(request, reply, result, ({ key, record }) => madeJson(key, record), 201);
    },
  );

  routes.get(
    '/api-keys',
    {
      schema: {
        ...operation(
          'listApiKeys',
          'API keys',
          needs,
          'List API keys',
          'Newest first, without the keys themselves. Expired ones are listed until they are deleted.',
        ),
        params,
        ...answers({ 200: z.object({ items: z.array(keySchema) }) }),
      },
    },
    async (request, reply) =>
      sendResult(request, reply, await useCases.keys.list(callerOf(request)), (keys) => ({ items: keys.map(keyJson) })),
  );

  routes.delete(
    '/api-keys/:id',
    {
      schema: {
        ...operation('revokeApiKey', 'API keys', needs, 'Revoke an API key', 'Works at once.'),
        params: params.extend({ id: z.string() }),
        ...answers({ 204: z.null().describe('Revoked') }),
      },
    },
    async (request, reply) => sendResult(request, reply, await useCases.keys.revoke(callerOf(request), request.params.id), () => undefined),
  );
}

const isoOrNull = (at: Instant | undefined): string | null => (at === undefined ? null : isoTime(at));

const madeJson = (key: string, { id, name, owner, scopes: held, expiresAt }: ApiKey): z.input<typeof madeSchema> => ({
  id,
  key,
  name,
  owner,
  scopes: [...held],
  expiresAt: isoOrNull(expiresAt),
});

const keyJson = (key: ApiKey): z.input<typeof keySchema> => ({
  id: key.id,
  name: key.name,
  owner: key.owner,
  scopes: [...key.scopes],
  createdAt: isoTime(key.createdAt),
  createdBy: key.createdBy ?? null,
  expiresAt: isoOrNull(key.expiresAt),
  expired: key.expired,
  lastUsedAt: isoOrNull(key.lastUsedAt),
});
