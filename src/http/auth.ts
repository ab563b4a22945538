import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { notFound, type Problem, sendProblem } from './problem.ts';

const longestToken = 4096;
const bearer = /^bearer +([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/i;
export const challenge = 'Bearer realm="curfew"';
const tenantPath = z.object({ org: z.string() });

/** `bad` is a header that cannot hold a key: another scheme, sent twice, too long, not ASCII. */
export type Credential = { readonly kind: 'none' | 'bad' } | { readonly kind: 'token'; readonly token: string };

/** The bearer token of a request. Of several Authorization headers Node keeps one; two are refused rather than guessed at. */
export function readCredential(headers: FastifyRequest['headers'], rawHeaders: readonly string[]): Credential {
  const header = headers.authorization;
  if (header === undefined) return { kind: 'none' };
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization').length;
  const token = bearer.exec(header)?.[1];
  return count > 1 || token === undefined || token.length > longestToken ? { kind: 'bad' } : { kind: 'token', token };
}

const credentialOf = (request: FastifyRequest): Credential => readCredential(request.headers, request.raw.rawHeaders);

/** Whose calls are counted together: one key's, whether it is valid or not, else one address's. The key itself is not kept. */
export function rateKey(request: FastifyRequest): string {
  const credential = credentialOf(request);
  return credential.kind === 'token' ? `key:${createHash('sha256').update(credential.token).digest('base64url')}` : `ip:${request.ip}`;
}

/**
 * Whom the credential of a request speaks for at this moment, for answers that go on for long; undefined where it is
 * not, or cannot be told to be, good any more.
 */
export async function callerNow(request: FastifyRequest, useCases: UseCases, org: Org): Promise<Caller | undefined> {
  const credential = credentialOf(request);
  const caller = credential.kind === 'token' ? await useCases.authenticate(org, credential.token) : undefined;
  return caller === 'unavailable' ? undefined : caller;
}

/** The authenticated caller. Only for routes behind {@link requireCaller}; a route that is not fails closed. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = request.getDecorator<Caller | null>('caller');
  if (caller === null) throw new Error('a route without authentication asked for its caller');
  return caller;
}

/**
 * Lets through who has a key of `org` and names it in the path.
 *
 * The key is looked at first. Somebody without one learns nothing about organisations, and whoever has one gets the
 * same answer for an organisation that exists elsewhere as for one that does not (I11).
 */
export function requireCaller(scope: FastifyInstance, useCases: UseCases, org: Org): void {
  scope.decorateRequest('caller', null);
  scope.addHook('onRequest', async (request, reply) => {
    const credential = credentialOf(request);
    if (credential.kind !== 'token') {
      reply.header('www-authenticate', credential.kind === 'none' ? challenge : `${challenge}, error="invalid_token"`);
      return sendProblem(request, reply, credential.kind === 'none' ? missing : invalid);
    }
    const caller = await useCases.authenticate(org, credential.token);
    if (caller === 'unavailable') return sendProblem(request, reply, issuerAway);
    if (caller === undefined) {
      reply.header('www-authenticate', `${challenge}, error="invalid_token"`);
      return sendProblem(request, reply, invalid);
    }
    const path = tenantPath.safeParse(request.params);
    if (path.data?.org !== org || caller.org !== org) return sendProblem(request, reply, notFound);
    request.setDecorator<Caller>('caller', caller);
    return undefined;
  });
}

export const missing: Problem = {
  code: 'unauthenticated',
  status: 401,
  title: 'No credential',
  detail: 'Send an API key as "Authorization: Bearer <key>".',
};

const issuerAway: Problem = {
  code: 'unavailable',
  status: 503,
  title: 'Unavailable',
  detail: 'The issuer of this token did not answer, so it could not be checked. Try again in a moment.',
  retryAfterSeconds: 5,
};

export const invalid: Problem = {
  code: 'unauthenticated',
  status: 401,
  title: 'Invalid credential',
  detail: 'This API key or token is unknown, expired or revoked.',
};
