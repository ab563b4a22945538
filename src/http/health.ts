import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HttpLog } from './log.ts';
import { answers, operation } from './operation.ts';

/** Is everything there that is needed to serve? `detail` is shown to anybody: no addresses, no secrets. */
export type Health = {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
};

const healthSchema = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })) })
  .meta({ id: 'Health' });

const liveSchema = {
  ...operation('readLiveness', 'Health', undefined, 'Is the process alive?'),
  ...answers({ 200: z.object({ alive: z.literal(true) }) }),
};
const readySchema = {
  ...operation('readReadiness', 'Health', undefined, 'Is everything there that is needed to serve?', '503 says what is missing.'),
  ...answers({ 200: healthSchema, 503: healthSchema }),
};

/** `/livez`: the event loop turns. `/readyz`: 200 where everything needed answers, else 503 and what does not. Both without a key. */
export function serveHealth(app: FastifyInstance, health: () => Promise<Health>, log: HttpLog): void {
  app.get('/livez', { schema: liveSchema }, async () => ({ alive: true }));

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
  app.get('/readyz', { schema: readySchema }, async (_request, reply) => {
    looking ??= look();
    const seen = await looking;
    return reply.code(seen.ready ? 200 : 503).send(seen);
  });
}
