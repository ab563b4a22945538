import type { FastifyInstance } from 'fastify';
import type { HttpLog } from './log.ts';

/** Is everything there that is needed to serve? `detail` is shown to anybody: no addresses, no secrets. */
export type Health = {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
};

/** `/livez`: the event loop turns. `/readyz`: 200 where everything needed answers, else 503 and what does not. Both without a key. */
export function serveHealth(app: FastifyInstance, health: () => Promise<Health>, log: HttpLog): void {
  app.get('/livez', async () => ({ alive: true }));

  // Anybody may call, so callers at the same time share one look.
  let looking: Promise<Health> | undefined;
  const look = async (): Promise<Health> => {
    try {
      return await health();
    } catch (error) {
      log.error({ err: error }, 'the health check failed');
      return { ready: false, checks: {} };
    } finally {
      looking = undefined;
    }
  };
  app.get('/readyz', async (_request, reply) => {
    looking ??= look();
    const seen = await looking;
    return reply.code(seen.ready ? 200 : 503).send(seen);
  });
}
