import { randomUUID } from 'node:crypto';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifyUnderPressure from '@fastify/under-pressure';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { createRefusalCounter, type RefusalCounter } from '../app/count-refusals.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { serveAccounts } from './accounts-api.ts';
import { serveAudit } from './audit-api.ts';
import { rateKey, requireCaller } from './auth.ts';
import { serveCommands } from './command-api.ts';
import { type Login, serveAccount, serveDiscovery } from './discovery-api.ts';
import { problemOfError, rateLimited } from './error-problem.ts';
import { serveEvents } from './event-stream.ts';
import { type Health, serveHealth } from './health.ts';
import { answerRepeats } from './idempotency.ts';
import { acceptJsonBodies } from './json-body.ts';
import { serveKeys } from './keys-api.ts';
import { type LinkPages, serveLinkPages } from './link-pages.ts';
import type { HttpLog } from './log.ts';
import { describeRoutes, referencePath, serveReference } from './openapi.ts';
import { type MetricsPage, serveMetrics } from './metrics.ts';
import { createOutcomeStreams } from './outcome-stream.ts';
import { internalFault, sendProblem } from './problem.ts';
import { servePoll } from './poll-stream.ts';
import { serveLateness } from './lateness-api.ts';
import { servePanics } from './panics-api.ts';
import { servePolicies } from './policies-api.ts';
import { servePreApprovals } from './pre-approvals-api.ts';
import { countRefusedCalls } from './refused-calls.ts';
import { serveQuestions } from './questions-api.ts';
import { serveRequests } from './requests-api.ts';
import { serveRoles } from './roles-api.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { serveSettings } from './settings-api.ts';
import { serveStandingAccess } from './standing-access-api.ts';
import { serveWebhooks } from './webhooks-api.ts';
import { type AnswerUnrouted, watchRoutes } from './wrong-method.ts';

export type HttpDeps = {
  readonly useCases: UseCases;
  readonly org: Org;
  readonly log: HttpLog;
  /** Where people reach us. Browsers are told to stay on https only where this is https. */
  readonly publicUrl: string;
  /** Where whoever opens the bare address is sent; the reference of the API unless given. */
  readonly frontPage?: string | undefined;
  readonly health: () => Promise<Health>;
  /** Calls per minute and API key; 600 unless given. */
  readonly rateLimit?: number;
  /** Calls per minute of a whole organisation, counted once the key is known to be valid; 6,000 unless given. */
  readonly orgRateLimit?: number;
  /** How long somebody may wait for the outcome of a request before they are told how it stands; 9 minutes unless given. */
  readonly longestWaitMs?: number;
  /** How the `p0` command logs people in; without it, it does not. */
  readonly login?: Login | undefined;
  /** Counts for several entrances of one process; without it, the HTTP API counts for itself. */
  readonly refusals?: RefusalCounter | undefined;
  /** Signing in to link a Slack account; without it there are no pages for it. */
  readonly link?: LinkPages | undefined;
  /** Is this fault one of the database, or of another server, that does not answer at the moment? Without it, none is. */
  readonly isOutage?: ((error: unknown) => boolean) | undefined;
  /** Without it there is no `/metrics`. */
  readonly metrics?: MetricsPage | undefined;
};

const longestBodyBytes = 64 * 1024;
/** A path is bounded by Node's limit for headers; an over-long id is then unknown, like any other. */
const longestParam = 16 * 1024;
/** A loop this late cannot answer in time anyway; what is on its way to a target comes first. */
const longestLoopDelayMs = 2_000;

/**
 * The HTTP API, ready to serve. The process has one `node:http` server of its own and hands it over request by request:
 * `(req, res) => app.routing(req, res)`. `app.close()` ends it; the server must be closed first.
 */
export async function createHttpApp(deps: HttpDeps): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: longestBodyBytes,
    genReqId: () => randomUUID(),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: longestParam },
    frameworkErrors: (_error, request, reply) => {
      // Hooks do not run for an address that cannot be decoded.
      markReply(request, reply);
      void reply.header('x-content-type-options', 'nosniff');
      void sendProblem(request, reply, malformedAddress);
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  // The schemas of answers are for the document; what is sent was typed by them.
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  acceptJsonBodies(app);
  app.addHook('onRequest', (request, reply, done) => {
    markReply(request, reply);
    done();
  });
  setSecurityHeaders(app, deps.publicUrl);
  await app.register(fastifyRateLimit, {
    global: false,
    max: deps.rateLimit ?? 600,
    timeWindow: 60_000,
    keyGenerator: rateKey,
    errorResponseBuilder: () => Object.assign(new Error('rate limit exceeded'), { code: rateLimited, statusCode: 429 }),
  });
  const answerUnrouted = watchRoutes(app);
  await describeRoutes(app);
  app.setNotFoundHandler(answerUnrouted);
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
  logResponses(app, deps.log);
  serveHealth(app, deps.health, deps.log);
  if (deps.metrics !== undefined) serveMetrics(app, deps.metrics);
  await app.register(async (scope) => serveDiscovery(scope, { org: deps.org, publicUrl: deps.publicUrl, login: deps.login }));
  await app.register(serveReference);
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect(deps.frontPage ?? referencePath));
  const { useCases, org, log, publicUrl, link, refusals = createRefusalCounter({ useCases, org, log }) } = deps;
  if (link !== undefined) await app.register((scope) => serveLinkPages(scope, { ...link, org, publicUrl, refusals, log }));
  await app.register(async (scope) => serveTenant(scope, { ...deps, refusals }, answerUnrouted), { prefix: '/o/:org' });
  await app.ready();
  return app;
}

/** Everything of one organisation. Calls are counted before the key is looked up, and both before a body is read. */
async function serveTenant(
  scope: FastifyInstance,
  { useCases, org, log, orgRateLimit, longestWaitMs, refusals }: HttpDeps & { readonly refusals: RefusalCounter },
  answerUnrouted: AnswerUnrouted,
): Promise<void> {
  await scope.register(fastifyUnderPressure, { maxEventLoopDelay: longestLoopDelayMs });
  countRefusedCalls(scope, refusals);
  scope.addHook('onRequest', scope.rateLimit());
  requireCaller(scope, useCases, org);
  limitOrganisation(scope, org, orgRateLimit ?? 6_000);
  answerRepeats(scope, useCases, org, log);
  // Set here so that it runs behind the hooks above: without a key nobody learns which addresses there are.
  scope.setNotFoundHandler(answerUnrouted);
  const streams = createOutcomeStreams(scope, useCases, longestWaitMs);
  serveCommands(scope, useCases, streams);
  serveRequests(scope, useCases);
  serveQuestions(scope, useCases);
  serveEvents(scope, useCases);
  servePoll(scope, useCases, streams);
  serveKeys(scope, useCases);
  servePolicies(scope, useCases);
  serveSettings(scope, useCases);
  serveRoles(scope, useCases);
  serveAccounts(scope, useCases);
  serveAudit(scope, useCases);
  serveWebhooks(scope, useCases);
  serveAccount(scope, useCases);
  servePreApprovals(scope, useCases);
  serveStandingAccess(scope, useCases);
  servePanics(scope, useCases);
  serveLateness(scope, useCases);
}

/** Only calls with a valid key count: nobody from outside can use up what an organisation has. */
function limitOrganisation(scope: FastifyInstance, org: Org, max: number): void {
  const count = scope.createRateLimit({ max, timeWindow: 60_000, keyGenerator: () => `org:${org}` });
  scope.addHook('onRequest', async (request, reply) => {
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    void reply.header('retry-after', counted.ttlInSeconds);
    throw Object.assign(new Error('rate limit exceeded'), { code: rateLimited, statusCode: 429 });
  });
}

function markReply(request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('x-request-id', request.id).header('cache-control', 'no-store');
}

function answerError(
  { log, isOutage }: Pick<HttpDeps, 'log' | 'isOutage'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOfError(error);
  if (problem !== undefined) return sendProblem(request, reply, problem);
  // A body that broke off is the client's doing, and there is nobody left to answer.
  const gone = request.raw.destroyed && !request.raw.complete;
  if (gone) log.info({ requestId: request.id }, 'the client went away');
  else log.error({ requestId: request.id, route: request.routeOptions.url, err: error }, 'request failed');
  return sendProblem(request, reply, isOutage?.(error) === true ? outage : internalFault);
}

/** It may have been done: whoever sent a key with it learns that by sending both again. */
const outage = {
  code: 'unavailable',
  status: 503,
  title: 'Unavailable',
  detail: 'Something that is needed does not answer at the moment. Send the call again, with the same Idempotency-Key where it had one.',
  retryAfterSeconds: 5,
};

/** One line per answer; the pattern of the route instead of the address, and no header. */
function logResponses(app: FastifyInstance, log: HttpLog): void {
  const quiet = new Set<string | undefined>(['/livez', '/readyz', '/metrics']);
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url;
    if (!quiet.has(route))
      log.info(
        { requestId: request.id, method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
        'request answered',
      );
    done();
  });
}

const malformedAddress = {
  code: 'malformed-address',
  status: 400,
  title: 'Malformed address',
  detail: 'The path must be percent-encoded UTF-8.',
};
