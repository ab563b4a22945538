import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { UseCases } from '../app/use-cases.ts';
import { parseEmail, parsePanicId } from '../domain/ids.ts';
import { isHolding, type Panic, type PanicItem, type PanicSelection } from '../domain/panic.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { isoTime } from '../domain/time.ts';
import { callerOf } from './auth.ts';
import { readCursor, toPage } from './id-cursor.ts';
import { answers, operation, pageOf, pageQuery } from './operation.ts';
import { sendResult } from './send-result.ts';
import { text } from './text.ts';

const params = z.object({ org: z.string(), id: z.string() });

const selectionSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('person'), person: text(254).describe('Whose access') }),
    z.object({ kind: z.literal('right'), integration: text(200), accessType: text(200), resource: text(1000) }),
    z.object({ kind: z.literal('target'), integration: text(200) }),
    z.object({ kind: z.literal('everything') }),
  ])
  .meta({ id: 'PanicSelection' });
const permission = z.object({ integration: z.string(), service: z.string(), accessType: z.string(), resource: z.string() });

const form = z
  .object({
    selection: selectionSchema,
    reason: text(4000),
    hold: z.boolean().default(true).describe('Give nothing of the selection until it is lifted'),
  })
  .meta({ id: 'PanicForm' });

const previewSchema = z
  .object({
    grants: z.object({ planned: z.number(), active: z.number(), ending: z.number().describe('On its way out already') }),
    people: z.number(),
    rights: z.number(),
    pendingRequests: z.number(),
    preApprovals: z.number(),
    items: z
      .array(z.object({ requestId: z.string(), principal: z.string(), permission, state: z.enum(['planned', 'active', 'ending']) }))
      .describe('The newest grants, at most 50'),
  })
  .meta({ id: 'PanicPreview' });

const panicSchema = z
  .object({
    id: z.string(),
    selection: selectionSchema,
    reason: z.string(),
    startedBy: z.string(),
    startedAt: z.string(),
    state: z.enum(['running', 'done']).describe('`done`: everything was seen gone'),
    hold: z.boolean().describe('Nothing of the selection is given at the moment'),
    lifted: z.object({ at: z.string(), by: z.string() }).nullable(),
    doneAt: z.string().nullable(),
    grants: z.object({
      total: z.number(),
      gone: z.number().describe('Seen gone at the target'),
      left: z.number(),
      failing: z.number().describe('Of those that are left: they were tried in vain, and are tried again'),
    }),
    requestsDenied: z.number(),
    preApprovalsClosed: z.number(),
    failures: z
      .array(z.object({ requestId: z.string(), principal: z.string(), permission, why: z.string() }))
      .describe('The first of those that fail, at most 20'),
  })
  .meta({ id: 'Panic' });

/** The panic switch: takes away all of a person, a right, a target, or everything. */
export function servePanics(scope: FastifyInstance, { panics }: UseCases): void {
  const routes = scope.withTypeProvider<ZodTypeProvider>();
  const path = '/panics';

  const previewed = operation('previewPanic', 'Panic', 'requests:read', 'Ask what a panic would end', 'Nothing is written.');
  routes.post(
    `${path}/_preview`,
    { schema: { ...previewed, params: z.object({ org: z.string() }), body: selectionSchema, ...answers({ 200: previewSchema }) } },
    async (request, reply) => {
      const selection = readSelection(request.body);
      const result = selection.ok ? await panics.preview(callerOf(request), selection.value) : selection;
      return sendResult(request, reply, result, ({ planned, active, ending, people, rights, requests, preApprovals, items }) => ({
        grants: { planned, active, ending },
        people,
        rights,
        pendingRequests: requests,
        preApprovals,
        items: items.map((item) => ({ ...itemJson(item), state: item.state })),
      }));
    },
  );

  const started = operation('startPanic', 'Panic', 'requests:decide', 'Take all of it away now', whatStarts);
  routes.post(
    path,
    { schema: { ...started, params: z.object({ org: z.string() }), body: form, ...answers({ 201: panicSchema }) } },
    async (request, reply) => {
      const { reason, hold } = request.body;
      const selection = readSelection(request.body.selection);
      const result = selection.ok ? await panics.start(callerOf(request), { selection: selection.value, reason, hold }) : selection;
      return sendResult(request, reply, result, panicJson, 201);
    },
  );

  const listed = operation('listPanics', 'Panic', 'requests:read', 'List panics');
  routes.get(
    path,
    { schema: { ...listed, querystring: z.object(pageQuery), ...answers({ 200: pageOf(panicSchema) }) } },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const before = readCursor(cursor, parsePanicId);
      const result = before.ok ? await panics.page(callerOf(request), before.value, limit + 1) : before;
      return sendResult(request, reply, result, (found) => toPage(found, limit, panicJson));
    },
  );

  const read = operation('readPanic', 'Panic', 'requests:read', 'See how far a panic is');
  routes.get(`${path}/:id`, { schema: { ...read, params, ...answers({ 200: panicSchema }) } }, async (request, reply) => {
    const id = parsePanicId(request.params.id);
    const result = id === undefined ? reject({ code: 'not-found' }) : await panics.read(callerOf(request), id);
    return sendResult(request, reply, result, panicJson);
  });

  const lifted = operation('liftPanic', 'Panic', 'requests:decide', 'Lift the hold', whatLifts);
  routes.post(
    `${path}/:id/lift`,
    { schema: { ...lifted, params, body: z.object({}).nullish(), ...answers({ 200: panicSchema }) } },
    async (request, reply) => {
      const id = parsePanicId(request.params.id);
      const result = id === undefined ? reject({ code: 'not-found' }) : await panics.lift(callerOf(request), id);
      return sendResult(request, reply, result, panicJson);
    },
  );
}

const whatStarts = [
  'Ends all grants of the selection, denies its pending requests and closes its pre-approvals, for owners and security reviewers.',
  'What is in the selection is read at that moment, whatever a preview showed. The answer comes at once; `readPanic` says how far it is.',
  'While one with the same selection holds or is being carried out, the answer is that one.',
].join(' ');
const whatLifts = 'What was ended stays so. A person who is on hold cannot lift it themselves. Lifting it again changes nothing.';

function readSelection(given: z.infer<typeof selectionSchema>): Result<PanicSelection> {
  if (given.kind !== 'person') return accept(given);
  const person = parseEmail(given.person);
  return person === undefined ? reject({ code: 'invalid-principal', given: given.person }) : accept({ kind: 'person', person });
}

const itemJson = ({ request, principal, permission: right }: Omit<PanicItem, 'state'>) => ({
  requestId: request,
  principal,
  permission: { ...right },
});

function panicJson(panic: Panic): z.input<typeof panicSchema> {
  const { id, selection, reason, startedBy, startedAt, lifted, doneAt, progress } = panic;
  const { total, gone, left, failing, requestsDenied, preApprovalsClosed, failures } = progress;
  return {
    id,
    selection,
    reason,
    startedBy: startedBy.email,
    startedAt: isoTime(startedAt),
    state: doneAt === undefined ? 'running' : 'done',
    hold: isHolding(panic),
    lifted: lifted === undefined ? null : { at: isoTime(lifted.at), by: lifted.by.email },
    doneAt: doneAt === undefined ? null : isoTime(doneAt),
    grants: { total, gone, left, failing },
    requestsDenied,
    preApprovalsClosed,
    failures: failures.map((each) => ({ ...itemJson(each), why: each.why })),
  };
}
