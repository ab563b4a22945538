import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import type { ReplayFrom } from '../app/webhooks.ts';
import type { Scope } from '../domain/scope.ts';
import { instant } from '../domain/time.ts';
import { longestDescription, longestWebhookUrl, mostPatterns, mostWebhooks } from '../domain/webhook.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';
import { madeWebhookSchema, webhookJson, webhookSchema } from './webhook-schema.ts';

const params = z.object({ org: z.string() });
const oneParams = params.extend({ id: z.string() });

const url = text(longestWebhookUrl).describe('https; on the public Internet, unless the configuration file allows its host by name');
const events = z
  .array(text(100))
  .min(1)
  .max(mostPatterns)
  .describe('Actions of the audit log (`grant.ended`), families of them (`grant.*`), or `*`');
const description = text(longestDescription);
const draft = z.object({
  url,
  events: events.optional().describe('`request.*` and `grant.*` if left out'),
  description: description.optional(),
});
const change = z.object({
  url: url.optional(),
  events: events.optional(),
  description: description.optional(),
  enabled: z.boolean().optional().describe('true: goes on with the event that it stopped at'),
});
const replay = z.object({
  from: z
    .union([z.int().min(1), z.iso.datetime({ offset: true }).max(40)])
    .describe('The `seq` of the next event to be sent, or the time from which on nothing may be missing'),
});

const also = 'The token needs `audit:read` too: whoever says where events go can read them.';
const needs: Scope = 'settings';

/** Outgoing webhooks: made, listed, changed, set back, taken away. */
export function serveWebhooks(scope: FastifyInstance, useCases: UseCases): void {
  serveMaking(scope, useCases);
  serveChanging(scope, useCases);
}

function serveMaking(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.post(
    '/webhooks',
    {
      schema: {
        ...operation(
          'createWebhook',
          'Webhooks',
          needs,
          'Make a webhook',
          `It is sent what is sealed into the audit log from now on. \`secret\` is shown once. There can be at most ${mostWebhooks}. ${also}`,
        ),
        params,
        body: draft,
        ...answers({ 201: madeWebhookSchema }),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const wish = { url: body.url, events: body.events, description: body.description, enabled: undefined };
      const made = await useCases.webhooks.create(callerOf(request), wish);
      return sendResult(request, reply, made, ({ secret, webhook }) => ({ ...webhookJson(webhook), secret }), 201);
    },
  );
  routes.get(
    '/webhooks',
    {
      schema: {
        ...operation('listWebhooks', 'Webhooks', needs, 'List webhooks', 'Newest first, without the secrets.'),
        params,
        ...answers({ 200: z.object({ items: z.array(webhookSchema) }) }),
      },
    },
    async (request, reply) =>
      sendResult(request, reply, await useCases.webhooks.list(callerOf(request)), (all) => ({ items: all.map(webhookJson) })),
  );
  routes.get(
    '/webhooks/:id',
    { schema: { ...operation('readWebhook', 'Webhooks', needs, 'Read a webhook'), params: oneParams, ...answers({ 200: webhookSchema }) } },
    async (request, reply) => sendResult(request, reply, await useCases.webhooks.read(callerOf(request), request.params.id), webhookJson),
  );
}

function serveChanging(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.put(
    '/webhooks/:id',
    {
      schema: {
        ...operation(
          'changeWebhook',
          'Webhooks',
          needs,
          'Change a webhook',
          `What is left out stays as it is. It is then tried at once. ${also}`,
        ),
        params: oneParams,
        body: change,
        ...answers({ 200: webhookSchema }),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const wish = { url: body.url, events: body.events, description: body.description, enabled: body.enabled };
      return sendResult(request, reply, await useCases.webhooks.change(callerOf(request), request.params.id, wish), webhookJson);
    },
  );
  routes.post(
    '/webhooks/:id/rotate-secret',
    {
      schema: {
        ...operation(
          'rotateWebhookSecret',
          'Webhooks',
          needs,
          'Rotate the secret of a webhook',
          `\`secret\` is shown once; the one before signs as well for 24 hours. ${also}`,
        ),
        params: oneParams,
        ...answers({ 200: madeWebhookSchema }),
      },
    },
    async (request, reply) =>
      sendResult(request, reply, await useCases.webhooks.rotateSecret(callerOf(request), request.params.id), ({ secret, webhook }) => ({
        ...webhookJson(webhook),
        secret,
      })),
  );
  routes.post(
    '/webhooks/:id/replay',
    {
      schema: {
        ...operation(
          'replayWebhook',
          'Webhooks',
          needs,
          'Go on from another event',
          `Back: what lies between is sent again, under the same ids. Forward: it is left out. ${also}`,
        ),
        params: oneParams,
        body: replay,
        ...answers({ 200: webhookSchema }),
      },
    },
    async (request, reply) =>
      sendResult(
        request,
        reply,
        await useCases.webhooks.replay(callerOf(request), request.params.id, replayFrom(request.body.from)),
        webhookJson,
      ),
  );
  routes.delete(
    '/webhooks/:id',
    {
      schema: {
        ...operation('deleteWebhook', 'Webhooks', needs, 'Delete a webhook'),
        params: oneParams,
        ...answers({ 204: z.null().describe('Deleted') }),
      },
    },
    async (request, reply) =>
      sendResult(request, reply, await useCases.webhooks.remove(callerOf(request), request.params.id), () => undefined),
  );
}

const replayFrom = (from: number | string): ReplayFrom => (typeof from === 'number' ? { seq: from } : { time: instant(Date.parse(from)) });
