import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LatenessReport } from '../app/lateness-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { isoTime } from '../domain/time.ts';
import { callerOf } from './auth.ts';
import { answers, operation } from './operation.ts';
import { sendResult } from './send-result.ts';

const milliseconds = z.int().min(0);
const reportSchema = z
  .object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    integrations: z.array(
      z.object({
        integration: z.string(),
        ended: z.int().min(1).describe('Grants whose access was taken away; not those whose right stays for a reason'),
        p50Ms: milliseconds,
        p99Ms: milliseconds,
        maxMs: milliseconds,
      }),
    ),
  })
  .meta({ id: 'LatenessReport' });

/** How late access was seen to be gone. */
export function serveLateness(scope: FastifyInstance, useCases: UseCases): void {
  scope.withTypeProvider<ZodTypeProvider>().get(
    '/reports/lateness',
    {
      schema: {
        ...operation(
          'reportLateness',
          'Audit',
          'audit:read',
          'Report how late access was taken away',
          'From the end that access should have to the moment the target was seen without it, by integration. For owners, security reviewers and viewers.',
        ),
        params: z.object({ org: z.string() }),
        querystring: z.object({ days: z.coerce.number().int().min(1).max(90).default(7).describe('So many days back from now') }),
        ...answers({ 200: reportSchema }),
      },
    },
    async (request, reply) => sendResult(request, reply, await useCases.lateness.report(callerOf(request), request.query.days), reportJson),
  );
}

const reportJson = ({ since, until, integrations }: LatenessReport): z.input<typeof reportSchema> => ({
  since: isoTime(since),
  until: isoTime(until),
  integrations: [...integrations],
});
