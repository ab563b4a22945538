import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { challenge, invalid, missing, readCredential } from './auth.ts';
import { sendProblem } from './problem.ts';

export type MetricsPage = {
  /** What Prometheus sends as its bearer token. */
  readonly token: string;
  readonly read: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

/** `/metrics`, for whoever has its token. A key of its own, checked without the database: figures are wanted when that is away. */
export function serveMetrics(app: FastifyInstance, { token, read }: MetricsPage): void {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = digest(token);
  // Callers at the same time share one look at the database.
  let reading: ReturnType<MetricsPage['read']> | undefined;
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const credential = readCredential(request.headers, request.raw.rawHeaders);
    if (credential.kind !== 'token' || !timingSafeEqual(digest(credential.token), expected)) {
      const none = credential.kind === 'none';
      reply.header('www-authenticate', none ? challenge : `${challenge}, error="invalid_token"`);
      return sendProblem(request, reply, none ? missing : invalid);
    }
    reading ??= read().finally(() => (reading = undefined));
    const { contentType, text } = await reading;
    return reply.type(contentType).send(text);
  });
}
