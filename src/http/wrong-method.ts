import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound, sendProblem } from './problem.ts';

/** Answers an address that no route took. */
export type AnswerUnrouted = (request: FastifyRequest, reply: FastifyReply) => FastifyReply;

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '');

/**
 * Remembers every route registered from now on, and gives the handler for what none of them takes: 405 with `Allow`
 * where the path is known by another method, else 404. It tells which paths exist, so on an organisation's paths it
 * may run only behind authentication.
 */
export function watchRoutes(app: FastifyInstance): AnswerUnrouted {
  const routes: { readonly segments: readonly string[]; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ segments: segmentsOf(url), methods: [method].flat() });
  });
  return (request, reply) => {
    const path = segmentsOf(request.url.split('?', 1)[0] ?? '');
    const methods = new Set(routes.filter(({ segments }) => matches(segments, path)).flatMap((route) => route.methods));
    if (methods.size === 0) return sendProblem(request, reply, notFound);
    const allow = [...methods].sort().join(', ');
    void reply.header('allow', allow);
    return sendProblem(request, reply, {
      code: 'method-not-allowed',
      status: 405,
      title: 'Method not allowed',
      detail: `This address takes ${allow}.`,
    });
  };
}

const matches = (pattern: readonly string[], path: readonly string[]): boolean =>
  pattern.length === path.length && pattern.every((segment, index) => segment.startsWith(':') || segment === path[index]);
