import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';

/**
 * Sets what browsers are told on every answer: no page, script or frame of anybody's. A route that serves a page sets its
 * own policy over it. What helmet chooses depends on no request, so it is asked once and not for every call.
 *
 * @param publicUrl where people reach us; browsers are told to stay on https only where this is https
 */
export function setSecurityHeaders(app: FastifyInstance, publicUrl: string): void {
  const headers = chosenByHelmet(publicUrl);
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(headers);
    done();
  });
}

function chosenByHelmet(publicUrl: string): Readonly<Record<string, string>> {
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  const choose = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Other hosts under our domain are not ours to bind to https.
    strictTransportSecurity: publicUrl.startsWith('https:') ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });
  choose(answer.req, answer, (error) => {
    if (error !== undefined) throw error;
  });
  return Object.fromEntries(Object.entries(answer.getHeaders()).map(([name, value]) => [name, String(value)]));
}
