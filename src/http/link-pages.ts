/** Where somebody signs in to link their Slack account. See ADR 10. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RefusalCounter } from '../app/count-refusals.ts';
import type { SignInSteps } from '../app/sign-in.ts';
import type { Org } from '../domain/ids.ts';
import { secretCookie } from './cookie.ts';
import { rateLimited } from './error-problem.ts';
import { sendPage } from './html.ts';
import { confirmPage, donePage, type ProblemName, problemPage, problems, startPage } from './link-html.ts';
import type { HttpLog } from './log.ts';

export type LinkPages = { readonly steps: SignInSteps };

type Deps = LinkPages & {
  readonly org: Org;
  readonly publicUrl: string;
  readonly refusals: Pick<RefusalCounter, 'count'>;
  readonly log: HttpLog;
};

const lifetimeSeconds = 600;
/** A form holds one mark of 43 characters. */
const longestForm = 1_000;
const longestParameter = 4_096;
const token = /^[A-Za-z0-9_-]{43}$/;
const hidden = { schema: { hide: true } };

/** `/link/<token>`, `/link/callback` and `/link/confirm`. */
export async function serveLinkPages(scope: FastifyInstance, deps: Deps): Promise<void> {
  const { steps, org, publicUrl, refusals, log } = deps;
  const callback = `${publicUrl}/link/callback`;
  const cookie = secretCookie('curfew-link', publicUrl.startsWith('https:'), lifetimeSeconds);
  const refuse = (reply: FastifyReply, name: ProblemName): FastifyReply => {
    refusals.count(`link.${name}`);
    if (name === 'unavailable' || name === 'busy') void reply.header('retry-after', '60');
    return sendPage(reply, problems[name].status, problemPage(problems[name]));
  };

  scope.addHook('onRequest', scope.rateLimit());
  takeForms(scope);
  scope.setErrorHandler((error, request, reply) => {
    const name = problemOf(error);
    if (name === 'fault') log.error({ requestId: request.id, route: request.routeOptions.url, err: error }, 'request failed');
    return refuse(reply, name);
  });

  scope.get('/link/callback', hidden, async (request, reply) => {
    const browser = cookie.read(request);
    if (browser === undefined) return refuse(reply, 'foreign');
    const done = await steps.finish(org, browser, answerIn(request), callback);
    return done === 'signed' ? reply.redirect(`${publicUrl}/link/confirm`, 303) : refuse(reply, done);
  });

  scope.get('/link/confirm', hidden, async (request, reply) => {
    const browser = cookie.read(request);
    if (browser === undefined) return refuse(reply, 'foreign');
    const open = await steps.read(org, browser);
    return open === undefined ? refuse(reply, 'gone') : sendPage(reply, 200, confirmPage(open));
  });

  scope.post('/link/confirm', hidden, async (request, reply) => {
    const browser = cookie.read(request);
    if (browser === undefined) return refuse(reply, 'foreign');
    const linked = await steps.confirm(org, browser, valueIn(request.body, 'mark') ?? '');
    if ('why' in linked && linked.why === 'foreign') return refuse(reply, 'foreign');
    cookie.clear(reply);
    if ('why' in linked) return refuse(reply, linked.why);
    return sendPage(reply, 200, donePage(linked.person.email));
  });

  scope.get<{ Params: { token: string } }>('/link/:token', hidden, async (request, reply) => {
    const shown = token.test(request.params.token) ? await steps.find(org, request.params.token) : undefined;
    return shown === undefined ? refuse(reply, 'gone') : sendPage(reply, 200, startPage(shown));
  });

  scope.post<{ Params: { token: string } }>('/link/:token', hidden, async (request, reply) => {
    const begun = token.test(request.params.token) ? await steps.begin(org, request.params.token, callback) : 'gone';
    if (typeof begun === 'string') return refuse(reply, begun);
    cookie.set(reply, begun.browser);
    // The redirect is part of what the form may lead to.
    return reply.redirect(begun.address, 303);
  });
}

/** What a form of ours sends, and nothing else. */
function takeForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: longestForm }, (_request, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
}

const valueIn = (form: unknown, name: string): string | undefined =>
  form instanceof URLSearchParams && form.getAll(name).length === 1 ? (form.get(name) ?? undefined) : undefined;

/** A parameter that is there twice, or longer than any of ours, counts as none. */
function answerIn(request: FastifyRequest) {
  const query = new URL(request.url, 'http://unused').searchParams;
  const one = (name: string): string | undefined => {
    const value = valueIn(query, name);
    return value === undefined || value.length > longestParameter || !value.isWellFormed() ? undefined : value;
  };
  return { state: one('state'), code: one('code'), error: one('error'), iss: one('iss') };
}

function problemOf(error: unknown): ProblemName {
  const { code, statusCode }: { code?: unknown; statusCode?: unknown } = Object(error);
  if (code === rateLimited) return 'busy';
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? 'malformed' : 'fault';
}
