import { z } from 'zod';

const time = z.iso.datetime();

export const hoursSchema = z
  .object({
    window: z.string().describe('As in `Mon-Fri 09:00-17:00 Europe/Paris`'),
    state: z
      .enum(['open', 'closing', 'closed'])
      .describe(
        '`open`: the target was seen with it; `closing`: its hours are over, and it is being taken away; `closed`: it was seen to be gone',
      ),
    opensAt: time.describe('Of the hours that are open, or else of the next ones'),
    closesAt: time,
  })
  .meta({ id: 'AccessHours', description: 'The hours of a week in which standing access is there' });

/** A request as `requestJson` writes it. */
export const requestSchema = z
  .object({
    id: z.uuid(),
    type: z.string().describe('The service'),
    permission: z.object({ integration: z.string(), accessType: z.string(), resource: z.string() }),
    generated: z.object({
      account: z.string().optional().describe('What the principal is called at the target, while the access is there'),
    }),
    principal: z.string(),
    status: z.enum(['NEW', 'APPROVED', 'DONE', 'DENIED', 'ERRORED', 'EXPIRED', 'REVOKED']),
    error: z.object({ message: z.string() }).optional(),
    requestor: z.string(),
    reason: z.string().optional(),
    requestedSeconds: z.int(),
    extends: z.uuid().optional().describe('The request whose access this one extends'),
    escalatedAt: time.optional(),
    narrowed: z
      .object({ from: z.string(), by: z.string() })
      .optional()
      .describe('An approver made it less: what was asked for at first, and who did'),
    createdAt: time,
    approvableUntil: time,
    questions: z
      .array(
        z.object({
          by: z.string(),
          at: time,
          question: z.string(),
          answer: z.object({ by: z.string(), at: time, answer: z.string() }).optional(),
        }),
      )
      .optional()
      .describe('What approvers asked, oldest first'),
    endorsements: z
      .array(z.object({ by: z.string(), at: time, seconds: z.int() }))
      .optional()
      .describe('Who has agreed, where policies want several people'),
    breakGlass: z
      .object({ at: time, review: z.object({ by: z.string(), at: time, note: z.string() }).optional().describe('Absent: it is owed') })
      .optional()
      .describe('It was taken at once, without an approver'),
    decision: z.object({ by: z.string().optional(), at: time, seconds: z.int().optional(), reason: z.string().optional() }).optional(),
    access: z
      .object({
        grantedAt: time.optional(),
        expiresAt: time.optional(),
        hours: hoursSchema.optional(),
        ended: z.string().optional(),
        endedAt: time.optional(),
      })
      .optional(),
  })
  .meta({ id: 'Request' });

/** The answer to a decision, a revocation, a cancellation. */
export const changedSchema = z
  .object({ ok: z.literal(true), message: z.string(), id: z.uuid(), request: requestSchema })
  .meta({ id: 'ChangedRequest' });
