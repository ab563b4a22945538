import { z } from 'zod';
import type { Receipt } from '../app/receipt.ts';
import { isoTime } from '../domain/time.ts';
import { actorJson, type ShownActor } from './event-json.ts';
import { endJson, isoOf, rulesJson } from './request-detail-json.ts';
import { endSchema, eventActorSchema, eventTime, proofOfTarget } from './request-detail-schema.ts';

const time = z.iso.datetime();

export const receiptSchema = z
  .object({
    org: z.string(),
    requestId: z.uuid(),
    grantId: z.uuid(),
    madeAt: time,
    principal: z.string(),
    requestor: z.string(),
    reason: z.string().optional(),
    right: z.object({
      integration: z.string(),
      accessType: z.string(),
      resource: z.string(),
      account: z.string().describe('What the principal is called at the target'),
    }),
    agreed: z
      .array(
        z.object({
          by: eventActorSchema,
          at: eventTime,
          seconds: z.int().optional(),
          policies: z.array(z.string()).describe('Those by which they may decide, at most 50'),
          policyVersion: z.string().optional(),
        }),
      )
      .describe('Everybody whose yes it took, in order'),
    grantedAt: time.optional().describe('When the target was seen to have it; absent where it was taken back before that'),
    expiresAt: time.optional(),
    end: endSchema,
    observedGoneAt: time.describe(
      'When the target was seen without it, or it was settled for the reason in `leftInPlace` or as `untouched`',
    ),
    latenessMs: z.int().describe('From the end to that moment'),
    leftInPlace: z.string().optional().describe('Why the right itself is still there'),
    sessionsEnded: z.int(),
    ...proofOfTarget,
    proof: z.object({
      isSealed: z.boolean().describe('All events are in the chain; until they are, about a second, ask again'),
      events: z
        .array(
          z.object({
            seq: z.int().nullable(),
            hash: z.string().nullable().describe('SHA-256, hexadecimal: as in an export of the audit log'),
            at: eventTime,
            action: z.string(),
          }),
        )
        .describe('Of the audit log, oldest first'),
    }),
  })
  .meta({ id: 'RevocationReceipt' });

/** Members without a value are left out. */
export function receiptJson({ request, now, grant, events }: Receipt): z.input<typeof receiptSchema> {
  const { state } = request;
  if (state.kind !== 'approved' || state.grant.state.kind !== 'ended') throw new Error('a receipt was made out too early');
  const { integration, accessType, resource } = request.permission;
  const { end, evidence } = state.grant.state;
  return {
    org: request.org,
    requestId: request.id,
    grantId: state.grant.id,
    madeAt: isoTime(now),
    principal: request.principal.email,
    requestor: request.requestor.email,
    reason: request.reason,
    right: { integration, accessType, resource, account: grant.account },
    agreed: events.flatMap(agreedJson),
    grantedAt: isoOf(grant.grantedAt),
    expiresAt: isoOf(grant.expiresAt),
    end: endJson(end),
    observedGoneAt: isoTime(evidence.observedAt),
    latenessMs: grant.latenessMs ?? evidence.observedAt - end.at,
    leftInPlace: evidence.leftInPlace,
    sessionsEnded: evidence.sessionsEnded,
    sessionsMayGoOn: evidence.sessionsMayGoOn,
    untouched: evidence.untouched,
    targetSaid: grant.said,
    proof: {
      isSealed: events.every(({ seq }) => seq !== undefined),
      events: events.map(({ seq, hash, time: at, action }) => ({ seq: seq ?? null, hash: hash ?? null, at, action })),
    },
  };
}

type Said = Pick<Receipt['events'][number], 'action' | 'time' | 'data'> & { readonly actor: ShownActor };

/** Whose yes it took, as the log has it. */
export function agreedJson({ action, actor, time: at, data }: Said) {
  if (action !== 'request.endorsed' && action !== 'request.approved') return [];
  const seconds = typeof data['seconds'] === 'number' ? data['seconds'] : undefined;
  return [{ by: actorJson(actor), at, seconds, ...rulesJson(data) }];
}
