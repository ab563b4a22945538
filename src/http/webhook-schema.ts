import { z } from 'zod';
import type { Webhook } from '../app/webhooks-store.ts';
import { isoTime, type Instant } from '../domain/time.ts';

const instantText = z.iso.datetime();
const shape = {
  id: z.uuid(),
  url: z.string(),
  events: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  disabledAt: instantText.nullable(),
  disabledWhy: z
    .enum(['owner', 'failing', 'gone'])
    .nullable()
    .describe('`owner`: by hand; `failing`: no success for 5 days; `gone`: the receiver answered 410'),
  createdAt: instantText,
  createdBy: z.string().describe('An e-mail address'),
  position: z.int().describe('The `seq` of the last event that it is done with; 0 for none'),
  behind: z.int().describe('How many sealed events come after that, wanted or not'),
  lastCallAt: instantText.nullable(),
  lastSeq: z.int().nullable().describe('The event of the last call'),
  lastStatus: z.int().nullable().describe('What it was answered with; null where it was not'),
  lastProblem: z.string().nullable().describe('Why it was not answered'),
  failures: z.int().describe('Since the last success'),
  failingSince: instantText.nullable(),
  nextTryAt: instantText.nullable().describe('null unless it fails'),
  formerSecretUntil: instantText.nullable().describe('Until then the secret from before a rotation signs as well'),
};

export const webhookSchema = z.object(shape).meta({ id: 'Webhook' });
/** With the secret, which is shown once. */
export const madeWebhookSchema = z
  .object({ ...shape, secret: z.string().describe('`whsec_` and 32 bytes in base64') })
  .meta({ id: 'WebhookWithSecret' });

const isoOrNull = (at: Instant | undefined): string | null => (at === undefined ? null : isoTime(at));

export function webhookJson(webhook: Webhook): z.input<typeof webhookSchema> {
  const { lastCall, disabled } = webhook;
  return {
    id: webhook.id,
    url: webhook.url,
    events: [...webhook.events],
    description: webhook.description,
    enabled: disabled === undefined,
    disabledAt: isoOrNull(disabled?.at),
    disabledWhy: disabled?.why ?? null,
    createdAt: isoTime(webhook.createdAt),
    createdBy: webhook.createdBy,
    position: webhook.position,
    behind: webhook.behind,
    lastCallAt: isoOrNull(lastCall?.at),
    lastSeq: lastCall?.seq ?? null,
    lastStatus: lastCall?.outcome.kind === 'answered' ? lastCall.outcome.status : null,
    lastProblem: lastCall?.outcome.kind === 'failed' ? lastCall.outcome.why : null,
    failures: webhook.failures,
    failingSince: isoOrNull(webhook.failingSince),
    nextTryAt: isoOrNull(webhook.nextTryAt),
    formerSecretUntil: isoOrNull(webhook.formerSecretUntil),
  };
}
