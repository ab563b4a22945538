import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PreApprovalDraft } from '../app/pre-approvals.ts';
import { reworded } from '../app/doorway.ts';
import type { UseCases } from '../app/use-cases.ts';
import { parseDuration } from '../domain/duration.ts';
import { parsePreApprovalId } from '../domain/ids.ts';
import type { PreApproval } from '../domain/pre-approval.ts';
import { longestWindowText, recurringWindowText } from '../domain/recurring-window.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { isoTime } from '../domain/time.ts';
import { callerOf } from './auth.ts';
import { readCursor, toPage } from './id-cursor.ts';
import { answers, operation, pageOf, pageQuery } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string(), id: z.string() });

const form = z
  .object({
    principal: text(254),
    service: text(200),
    accessType: text(200),
    resource: text(1000),
    integration: text(200).optional(),
    opensAt: text(100).optional().describe('ISO 8601; now, where it is left out'),
    window: text(longestWindowText)
      .optional()
      .describe('Only in these hours: `Mon-Fri 09:00-17:00 Europe/Paris`. What is granted in them ends with them.'),
    length: text(100).describe('How long the window stays open: `5 days`, `12h`'),
    duration: text(100).optional().describe('The longest access one request may ask for; the smallest preset, where it is left out'),
    reason: text(4000).optional(),
  })
  .meta({ id: 'PreApprovalForm' });

const preApprovalSchema = z
  .object({
    id: z.string(),
    principal: z.string(),
    createdBy: z.string(),
    permission: z.object({ integration: z.string(), service: z.string(), accessType: z.string(), resource: z.string() }),
    opensAt: z.string(),
    closesAt: z.string(),
    window: z.string().optional().describe('Only in these hours: `Mon-Fri 09:00-17:00 Europe/Paris`'),
    seconds: z.number().describe('The longest access that one request in the window may ask for'),
    reason: z.string().optional(),
    createdAt: z.string(),
    ended: z.object({ at: z.string(), by: z.string() }).optional(),
  })
  .meta({ id: 'PreApproval' });

/** Windows in which an approver has decided beforehand. */
export function servePreApprovals(scope: FastifyInstance, useCases: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const path = '/pre-approvals';
  const listed = operation('listPreApprovals', 'Pre-approvals', 'requests:read', 'List pre-approvals', whoSees);

  routes.get(
    path,
    { schema: { ...listed, querystring: z.object(pageQuery), ...answers({ 200: pageOf(preApprovalSchema) }) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const before = readCursor(cursor, parsePreApprovalId);
      const result = before.ok ? await useCases.preApprovals.page(callerOf(request), before.value, limit + 1) : before;
      return sendResult(request, reply, result, (found) => toPage(found, limit, preApprovalJson));
    },
  );

  const created = operation('createPreApproval', 'Pre-approvals', 'requests:decide', 'Open a pre-approval', whoMay);
  routes.post(path, { schema: { ...created, body: form, ...answers({ 201: preApprovalSchema }) } }, async (request, reply) => {
    const draft = toDraft(request.body);
    const result = draft.ok ? await useCases.preApprovals.create(callerOf(request), draft.value) : draft;
    return sendResult(request, reply, inFormWords(result), preApprovalJson, 201);
  });

  const read = operation('readPreApproval', 'Pre-approvals', 'requests:read', 'Read a pre-approval');
  routes.get(`${path}/:id`, { schema: { ...read, params, ...answers({ 200: preApprovalSchema }) } }, async (request, reply) => {
    const id = parsePreApprovalId(request.params.id);
    const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.preApprovals.read(callerOf(request), id);
    return sendResult(request, reply, result, preApprovalJson);
  });

  const ended = operation('endPreApproval', 'Pre-approvals', 'requests:decide', 'End a pre-approval', whatEnds);
  routes.delete(
    `${path}/:id`,
    { schema: { ...ended, params, ...answers({ 204: z.null().describe('Ended') }) } },
    async (request, reply) => {
      const id = parsePreApprovalId(request.params.id);
      const result = id === undefined ? reject({ code: 'not-found' }) : await useCases.preApprovals.end(callerOf(request), id);
      return sendResult(request, reply, result, () => undefined);
    },
  );
}

const whoSees = 'Those for the caller and those they opened; all for owners, reviewers and viewers.';
const whoMay = 'For whoever could approve such a request of the principal now. What `allow` does.';
const whatEnds = 'Access that was granted in the window stays. Ending it again changes nothing.';

function toDraft(body: z.infer<typeof form>): Result<PreApprovalDraft> {
  const length = parseDuration(body.length);
  if (length === undefined) return reject({ code: 'invalid-duration', given: body.length });
  const duration = body.duration === undefined ? undefined : parseDuration(body.duration);
  if (body.duration !== undefined && duration === undefined) return reject({ code: 'invalid-duration', given: body.duration });
  const { service, accessType, resource, integration, principal: to, opensAt: start, window, reason } = body;
  return accept({ right: { service, accessType, resource, integration }, to, length, start, window, duration, reason });
}

/** The command calls it --start, the form opensAt; a refusal names what the caller wrote. */
const inFormWords = <T>(result: Result<T>): Result<T> =>
  !result.ok && result.rejection.code === 'invalid-value' && result.rejection.field === 'start'
    ? reject(reworded(result.rejection, { ...result.rejection, field: 'opensAt' }))
    : result;

function preApprovalJson(found: PreApproval): z.infer<typeof preApprovalSchema> {
  const { id, principal, creator, permission, opensAt, closesAt, hours, duration, reason, createdAt, ended } = found;
  return {
    id,
    principal: principal.email,
    createdBy: creator.email,
    permission: { ...permission },
    opensAt: isoTime(opensAt),
    closesAt: isoTime(closesAt),
    ...(hours === undefined ? {} : { window: recurringWindowText(hours) }),
    seconds: duration,
    ...(reason === undefined ? {} : { reason }),
    createdAt: isoTime(createdAt),
    ...(ended === undefined ? {} : { ended: { at: isoTime(ended.at), by: ended.by.email } }),
  };
}
