import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault, Faults } from '../faults.ts';
import { readFields, readText, sendJson } from '../http-body.ts';
import type { Hub } from '../hub.ts';
import { type Json, textOf } from '../json.ts';
import type { Refusal } from '../modals.ts';
import { APP, TEAM } from '../people.ts';
import { stepMethods } from '../steps.ts';
import { chatMethods } from './chat.ts';
import { historyMethods } from './history.ts';
import { type Method, refuse } from './method.ts';
import { peopleMethods } from './people.ts';
import { teamMethods } from './teams.ts';
import { viewMethods } from './views.ts';

const BODY_BYTES = 1_000_000;
const CALLS_KEPT = 500;

const authTest: Method = ({ baseUrl, enterprise }) => ({
  ok: true,
  url: `${baseUrl()}/sandbox/`,
  team: TEAM.name,
  team_id: enterprise?.isOrgWide === true ? enterprise.id : TEAM.id,
  ...(enterprise === undefined ? {} : { enterprise_id: enterprise.id }),
  user: APP.name,
  user_id: APP.userId,
  bot_id: APP.botId,
  is_enterprise_install: enterprise?.isOrgWide === true,
});

const openConnection: Method = ({ link, baseUrl }) => {
  const ticket = link.ticket();
  if (ticket === undefined) return refuse('too_many_websockets');
  return { ok: true, url: `${baseUrl().replace(/^http/, 'ws')}/sandbox/slack/link?ticket=${ticket}` };
};

const APP_METHODS: Record<string, Method> = { 'apps.connections.open': openConnection };
const BOT_METHODS: Record<string, Method> = {
  'auth.test': authTest,
  ...chatMethods,
  ...viewMethods,
  ...peopleMethods,
  ...teamMethods,
  ...historyMethods,
  ...stepMethods,
};

/** A call the app made, without its token. */
export type Call = { method: string; args: Json; answer: Json };

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function tokenProblem(hub: Hub, method: string, token: string): Refusal | undefined {
  if (token === '') return refuse('not_authed');
  if (hub.rotation !== undefined && !(method in APP_METHODS)) {
    const problem = hub.rotation.problem(token);
    return problem && refuse(problem);
  }
  const [wanted, other] = method in APP_METHODS ? [hub.appToken, hub.botToken] : [hub.botToken, hub.appToken];
  if (same(token, wanted)) return undefined;
  return refuse(same(token, other) ? 'not_allowed_token_type' : 'invalid_auth');
}

function carryOut(hub: Hub, name: string, token: string, args: Json): Json {
  if (name === 'oauth.v2.access' && hub.rotation !== undefined) return hub.rotation.access(args);
  if (name === 'api.test') return 'error' in args ? { ok: false, error: textOf(args['error']), args } : { ok: true, args };
  const method = Object.hasOwn(APP_METHODS, name) ? APP_METHODS[name] : Object.hasOwn(BOT_METHODS, name) ? BOT_METHODS[name] : undefined;
  if (method === undefined) return { ok: false, error: 'unknown_method', req_method: name };
  const answer = tokenProblem(hub, name, token) ?? method(hub, args);
  if (!answer.ok && 'messages' in answer) return { ok: false, error: answer.error, response_metadata: { messages: answer.messages } };
  return answer;
}

/** Answers for a fault that comes instead of the call; true when it did. */
export function meetFault(fault: Fault | undefined, response: ServerResponse): boolean {
  if (fault === undefined || 'lostReply' in fault) return false;
  // Whoever closes the server, or gives up, ends the connection.
  if ('hang' in fault) return true;
  if ('drop' in fault) response.destroy();
  else if ('status' in fault) sendJson(response, fault.status, { ok: false, error: 'internal_error' });
  else if ('error' in fault) sendJson(response, 200, { ok: false, error: fault.error });
  else sendJson(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(fault.retryAfterSeconds) });
  return true;
}

export type WebApi = { calls: Call[]; handle: (request: IncomingMessage, response: ServerResponse, method: string) => Promise<void> };

/** Slack's Web API over HTTP: form posts or JSON, a bearer token or a `token` field. */
export function createWebApi(hub: Hub, faults: Faults): WebApi {
  const calls: Call[] = [];
  return {
    calls,
    handle: async (request, response, method) => {
      const text = await readText(request, BODY_BYTES);
      if (text === undefined) return sendJson(response, 413, { ok: false, error: 'request_too_large' });
      const fields = readFields(request, text);
      if (fields === undefined) return sendJson(response, 200, { ok: false, error: 'invalid_json' });
      const query = Object.fromEntries(new URL(request.url ?? '/', 'http://local').searchParams);
      const { token: given, ...args } = { ...query, ...fields };
      const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const fault = faults.take(method);
      if (meetFault(fault, response)) return;
      const answer = carryOut(hub, method, bearer ?? textOf(given), args);
      calls.push({ method, args, answer });
      if (calls.length > CALLS_KEPT) calls.shift();
      if (fault !== undefined) response.destroy();
      else sendJson(response, 200, answer, { 'x-oauth-scopes': hub.scopes.join(',') });
    },
  };
}
