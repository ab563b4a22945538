import { z } from 'zod';
import { hoursSchema, requestSchema } from './request-schema.ts';

const time = z.iso.datetime();
/** As PostgreSQL and the audit chain have it. */
export const eventTime = z.string().describe('ISO 8601, UTC, with microseconds');
const version = z.string().describe('The version of all policies at that time');

export const eventActorSchema = z
  .object({
    kind: z.enum(['person', 'policy', 'system', 'unknown']),
    email: z.string().optional(),
    name: z.string().optional().describe('Of a policy'),
    via: z.enum(['slack', 'api', 'console']).optional(),
  })
  .meta({ id: 'EventActor' });

const matched = z.object({
  outcome: z.enum(['deny', 'none', 'persistent', 'auto', 'ask', 'unavailable']),
  policies: z.array(z.string()).describe('Those that spoke for it when it was submitted, at most 50'),
  policyVersion: version,
});

const approval = z.object({
  isOpen: z.boolean().describe('It is undecided, and its time has not passed'),
  approvers: z.array(z.string()).describe('Who may decide at this moment, in words'),
  unavailable: z.string().optional().describe('What does not answer, or is not configured, so that nobody may decide'),
  mayApprove: z.boolean().describe('Whether the caller may, with this token'),
  mayDeny: z.boolean(),
});

const decision = z.object({
  verdict: z.enum(['approved', 'denied']),
  at: eventTime,
  by: eventActorSchema,
  seconds: z.int().optional(),
  reason: z.string().optional(),
  policies: z.array(z.string()).describe('Those by which they may decide, at most 50'),
  policyVersion: version.optional(),
  preApproval: z.string().optional().describe('The window in which it was decided beforehand'),
});

export const endSchema = z.object({ kind: z.string(), at: time, by: z.string().optional(), reason: z.string().optional() });

const targetAnswer = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .meta({ id: 'TargetAnswer', description: "What a target was read to say: plain values, whose names are the integration's own" });

const grant = z.object({
  id: z.uuid(),
  state: z.enum(['planned', 'active', 'ending', 'ended', 'failed']),
  account: z.string().describe('What the principal is called at the target'),
  seconds: z.int(),
  standing: z.boolean(),
  hours: hoursSchema.optional(),
  latestEnd: time.describe('It ends then at the latest, whatever happens'),
  grantedAt: time.optional(),
  expiresAt: time.optional(),
  end: endSchema.optional(),
  goneAt: time.optional(),
  latenessMs: z.int().optional().describe('From the end to the moment it was seen to be gone'),
});

/** What a target did and said at the end, in a request's detail and in its receipt. */
export const proofOfTarget = {
  sessionsMayGoOn: z
    .literal(true)
    .optional()
    .describe('The target ends no sessions: one that was open may go on until it closes by itself'),
  untouched: z
    .literal(true)
    .optional()
    .describe('The target was not called for the end: nothing of it was there, as it was not given yet or had been taken away before'),
  targetSaid: z
    .object({ given: targetAnswer.optional(), gone: targetAnswer.optional() })
    .optional()
    .describe('What was read back, for owners, security reviewers and viewers'),
};

const evidence = z.object({
  confirmedAt: time.optional().describe('When the target was seen to have it'),
  goneAt: time.optional().describe('When it was seen to be gone, or to be left for a reason'),
  leftInPlace: z.string().optional().describe('Why the right is still there'),
  sessionsEnded: z.int().optional(),
  ...proofOfTarget,
  lastCall: z
    .object({ at: time, observed: z.enum(['unknown', 'absent', 'present']) })
    .optional()
    .describe('While the grant is not over: when the last call to the target began, and what it saw'),
});

const timelineEntry = z.object({
  seq: z.int().nullable().describe('The id of the event in the stream; null until it is sealed, about a second'),
  at: eventTime,
  action: z.string(),
  actor: eventActorSchema,
  what: z.string(),
});

/** One request in full: what a listing has of it, and how it came about. */
export const requestDetailSchema = requestSchema
  .extend({
    matched: matched.optional(),
    approval,
    decisions: z.array(decision),
    grant: grant.optional(),
    evidence: evidence.optional(),
    timeline: z.array(timelineEntry),
  })
  .meta({ id: 'RequestDetail' });
