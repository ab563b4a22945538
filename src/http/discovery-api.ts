import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { roles } from '../domain/role.ts';
import { scopes } from '../domain/scope.ts';
import { callerOf } from './auth.ts';
import { keepBodyBytes } from './json-body.ts';
import { answers, operation } from './operation.ts';
import { notFound, sendProblem } from './problem.ts';

/** How the `p0` command logs people in: the device flow of an OIDC provider. Its access tokens are what we are sent. */
export type Login = {
  readonly provider: 'okta' | 'ping';
  /** The provider's host, with a port where it is not 443. It is always spoken to over https. */
  readonly domain: string;
  readonly clientId: string;
  /** Ping's environment. */
  readonly environmentId?: string | undefined;
};

/** What one may know without a token. */
export type Discovery = { readonly org: Org; readonly publicUrl: string; readonly login: Login | undefined };

const params = z.object({ org: z.string() });
const provider = {
  ssoProvider: z.string().optional(),
  providerType: z.string().optional(),
  providerId: z.string().optional(),
  providerDomain: z.string().optional(),
  clientId: z.string().optional(),
  environmentId: z.string().optional(),
};
const organisationSchema = z
  .object({
    slug: z.string(),
    tenantId: z.string(),
    useProviderToken: z.literal(true),
    auth: z.object({ type: z.enum(['sso', 'magic-link']), provider: z.object(provider).optional() }),
    ...provider,
    config: z.object({
      appUrl: z.string(),
      environment: z.string(),
      contactMessage: z.string(),
      helpMessage: z.string(),
      skipVersionCheck: z.literal('true'),
      fs: z.record(z.string(), z.string()),
    }),
  })
  .meta({ id: 'Organisation' });
const accountSchema = z
  .object({ org: z.string(), email: z.string(), scopes: z.array(z.enum(scopes)), roles: z.array(z.enum(roles)) })
  .meta({ id: 'Account' });

/** The addresses that the `p0` command asks without a token. */
export function serveDiscovery(scope: FastifyInstance, discovery: Discovery): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  // Calls without a key are counted by address.
  scope.addHook('onRequest', scope.rateLimit());

  routes.get(
    '/cli/version',
    {
      schema: {
        ...operation(
          'readCliVersion',
          'Discovery',
          undefined,
          'The newest version of the command',
          'Lower than any, so that none asks to be upgraded.',
        ),
        ...answers({ 200: z.object({ version: z.string() }) }),
      },
    },
    (_request, reply) => reply.send({ version: '0.0.0' }),
  );

  routes.get(
    '/orgs/:org',
    {
      schema: {
        ...operation('readOrganisation', 'Discovery', undefined, 'How to log in', 'What the p0 command must know to log somebody in.'),
        params,
        ...answers({ 200: organisationSchema }),
      },
    },
    (request, reply) =>
      request.params.org === discovery.org ? reply.send(organisationJson(discovery)) : sendProblem(request, reply, notFound),
  );
}

function organisationJson({ org, publicUrl, login }: Discovery): z.input<typeof organisationSchema> {
  const sso = login && {
    ssoProvider: 'oidc-pkce',
    providerType: login.provider,
    providerId: login.provider,
    providerDomain: login.domain,
    clientId: login.clientId,
    ...(login.environmentId === undefined ? {} : { environmentId: login.environmentId }),
  };
  return {
    slug: org,
    tenantId: org,
    useProviderToken: true,
    // Newer commands read `auth.provider`, older ones the same at the top. "magic-link" is the type that they know and
    // have no login for; "password" would make them ask for one, and send it elsewhere.
    auth: sso === undefined ? { type: 'magic-link' } : { type: 'sso', provider: sso },
    ...sso,
    config: {
      appUrl: publicUrl,
      environment: 'production',
      contactMessage: 'Ask your administrator.',
      helpMessage: 'Ask your administrator.',
      skipVersionCheck: 'true',
      fs: unused,
    },
  };
}

/** The command sets up a client of a service that is not used with us, and needs some text for it. */
const unused = Object.fromEntries(
  ['apiKey', 'authDomain', 'projectId', 'storageBucket', 'messagingSenderId', 'appId'].map((name) => [name, 'unused']),
);

/** The addresses of one organisation that the `p0` command calls beside its commands. */
export function serveAccount(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/account',
    {
      schema: {
        ...operation('readAccount', 'Discovery', undefined, 'Whose token this is', 'Any valid token may ask.'),
        security: [{ bearer: [] }],
        params,
        ...answers({ 200: accountSchema }),
      },
    },
    async (request, reply) => reply.send(await useCases.keys.account(callerOf(request))),
  );
  void scope.register(serveTraces);
}

const longestTraceBytes = 1024 * 1024;

/** Traces hold whole command lines with reasons in them, so they are read to their end and kept nowhere. */
async function serveTraces(scope: FastifyInstance): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: longestTraceBytes }, (request, body: Buffer, done) => {
    keepBodyBytes(request, body);
    done(null, undefined);
  });
  scope.withTypeProvider<ZodTypeProvider>().post(
    '/traces',
    {
      bodyLimit: longestTraceBytes,
      schema: {
        ...operation(
          'dropTraces',
          'Discovery',
          undefined,
          'Takes traces and drops them',
          'For commands that send telemetry. Nothing is kept.',
        ),
        security: [{ bearer: [] }],
        params,
        ...answers({ 200: z.object({}) }),
      },
    },
    (_request, reply) => reply.send({}),
  );
}
