import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { describeCommon } from './openapi-common.ts';
import { tags } from './operation.ts';

/** Where the reference page is. */
export const referencePath = '/docs/api';

/** Collects every route registered from now on for the OpenAPI document. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Curfew',
        version: '1',
        description: 'Just-in-time access: asked for, agreed to, given, and taken away on time.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This server' }],
      tags: tags.map((name) => ({ name })),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or an access token of the configured issuer.' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => finish(jsonSchemaTransformObject(document)),
  });
}

/** Every named schema comes in two forms, as it is sent and as it is answered, of which mostly one is in use: the others go. */
function finish(document: ReturnType<typeof jsonSchemaTransformObject>): ReturnType<typeof jsonSchemaTransformObject> {
  if (!('components' in document)) return document;
  describeCommon(document);
  const all: Readonly<Record<string, unknown>> = { ...document.components?.schemas };
  const used = referredTo(document.paths);
  // A set visits what is added to it on the way.
  for (const name of used) {
    for (const further of referredTo(all[name])) used.add(further);
  }
  for (const name of Object.keys(all)) {
    if (!used.has(name)) delete document.components?.schemas?.[name];
  }
  return document;
}

const referredTo = (part: unknown): Set<string> =>
  new Set([...(JSON.stringify(part) ?? '').matchAll(/#\/components\/schemas\/([^"]+)/g)].map((match) => match[1] ?? ''));

/**
 * The document at `/openapi.json` and a page to read it with, both without a token: they hold nothing of an organisation.
 * The page loads from here only, and its styles need a wider Content-Security-Policy than the rest has.
 */
export async function serveReference(scope: FastifyInstance): Promise<void> {
  scope.addHook('onRequest', scope.rateLimit());
  scope.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => reply.send(scope.swagger()));
  await scope.register(fastifySwaggerUi, {
    routePrefix: referencePath,
    staticCSP: {
      'default-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'connect-src': "'self'",
      'font-src': "'self'",
      'img-src': "'self' data:",
      'script-src': "'self'",
      'style-src': "'self' 'unsafe-inline'",
    },
    theme: { title: 'Curfew API' },
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', supportedSubmitMethods: [], validatorUrl: null },
  });
}
