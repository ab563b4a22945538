import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
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
    transformObject: jsonSchemaTransformObject,
  });
}

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
    uiConfig: { docExpansion: 'list', supportedSubmitMethods: [], validatorUrl: null },
  });
}
