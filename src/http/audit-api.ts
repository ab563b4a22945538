import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { SealedEvent } from '../app/audit-store.ts';
import type { UseCases } from '../app/use-cases.ts';
import { parseRequestId } from '../domain/ids.ts';
import { instant } from '../domain/time.ts';
import { callerOf } from './auth.ts';
import { readCursor } from './id-cursor.ts';
import { answers, operation, pageOf, pageQuery } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const eventSchema = z
  .object({
    seq: z.int().describe('From 1 without gaps'),
    id: z.int(),
    time: z.string().describe('ISO 8601, UTC, with microseconds'),
    action: z.string(),
    actor: z.record(z.string(), z.unknown()),
    request: z.string().nullable(),
    grant: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
    hash: z.string().describe('SHA-256 of the hash before and of the event, hexadecimal'),
  })
  .meta({ id: 'AuditEvent' });

const moment = z.iso.datetime({ offset: true }).max(40);
const querystring = z.object({
  ...pageQuery,
  action: text(100).optional().describe('Exact; with a trailing `*`, what begins so'),
  actor: text(254).optional().describe('An e-mail address'),
  request: z.uuid().optional(),
  since: moment.optional().describe('Not before this moment'),
  until: moment.optional().describe('Before this moment'),
});

/** The audit log, as far as it is sealed: an event appears within about a second. */
export function serveAudit(scope: FastifyInstance, useCases: UseCases): void {
  scope.withTypeProvider<ZodTypeProvider>().get(
    '/audit',
    {
      schema: {
        ...operation(
          'listAuditEvents',
          'Audit',
          'audit:read',
          'List audit events',
          'Newest first. Owners, security reviewers and viewers see all, others what they did.',
        ),
        params: z.object({ org: z.string() }),
        querystring,
        ...answers({ 200: pageOf(eventSchema) }),
      },
    },
    async (request, reply) => {
      const { limit, cursor, action, actor, since, until } = request.query;
      const before = readCursor(cursor, parseSeq);
      if (!before.ok) return sendResult(request, reply, before, () => undefined);
      const found = await useCases.audit.list(callerOf(request), {
        action,
        actorEmail: actor,
        request: request.query.request === undefined ? undefined : parseRequestId(request.query.request.toLowerCase()),
        since: since === undefined ? undefined : instant(Date.parse(since)),
        until: until === undefined ? undefined : instant(Date.parse(until)),
        before: before.value === undefined ? undefined : Number(before.value),
        limit: limit + 1,
      });
      return sendResult(request, reply, found, (events) => toPage(events, limit));
    },
  );
}

const parseSeq = (given: string): string | undefined => (/^[1-9]\d{0,14}$/.test(given) ? given : undefined);

function toPage(events: readonly SealedEvent[], limit: number) {
  const items = events.slice(0, limit).map(({ seq, id, time, action, actor, request, grant, data, hash }) => {
    return { seq, id, time, action, actor, request, grant, data, hash };
  });
  const last = events.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : Buffer.from(String(last.seq)).toString('base64url') };
}
