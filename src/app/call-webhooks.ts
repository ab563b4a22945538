import { givenUpAfter, retryAfter } from '../domain/webhook.ts';
import type { SealedEvent } from './audit-store.ts';
import type { Log, Vault } from './ports.ts';
import type { Store } from './store.ts';
import type { WebhookClaim, WebhookOutcome, WebhookWire } from './webhooks-store.ts';

type CallDeps = {
  readonly store: Pick<Store, 'webhooks'>;
  readonly webhooks: WebhookWire;
  readonly vault: Vault;
  readonly log: Log;
  readonly stopping: AbortSignal;
};

/** What a secret is sealed for, so that no other endpoint's can be put in its place. */
export const secretLabel = (org: string, id: string): string => `webhook ${org} ${id}`;

/**
 * Tells endpoints their next event, one call after the other, until nobody is due. Several may run at once: an endpoint is
 * claimed by one of them, so its events keep their order. Returns how many calls were made.
 */
export async function callWebhooks(deps: CallDeps): Promise<number> {
  let calls = 0;
  while (!deps.stopping.aborted) {
    const claim = await deps.store.webhooks.claim();
    if (claim === undefined) break;
    if (claim === 'passed by') continue;
    await call(deps, claim);
    calls += 1;
  }
  return calls;
}

async function call(deps: CallDeps, claim: WebhookClaim): Promise<void> {
  const { store, stopping } = deps;
  const secrets = openSecrets(deps, claim);
  const outcome: WebhookOutcome | 'stopped' =
    secrets === undefined
      ? { kind: 'failed', why: 'its secret cannot be opened with the current CURFEW_SECRET_KEY; rotate it' }
      : await deps.webhooks.post(
          { url: claim.url, secrets, messageId: messageId(claim.event), at: claim.at, body: JSON.stringify(toPayload(claim.event)) },
          stopping,
        );
  if (outcome === 'stopped') return store.webhooks.release(claim);
  if (outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300) return store.webhooks.pass(claim, outcome);
  const gone = outcome.kind === 'answered' && outcome.status === 410;
  const disabled = await store.webhooks.postpone(claim, outcome, { pause: retryAfter(claim.failures + 1), longest: givenUpAfter, gone });
  const fields = { webhook: claim.id, seq: claim.event.seq, outcome };
  if (disabled !== undefined) deps.log.error({ ...fields, disabled }, 'a webhook was disabled');
  else if (claim.failures === 0) deps.log.warn(fields, 'a webhook fails; it comes again, with growing pauses');
}

function openSecrets({ vault, log }: CallDeps, { org, id, secrets }: WebhookClaim): readonly string[] | undefined {
  try {
    return secrets.map((sealed) => vault.open(sealed, secretLabel(org, id)));
  } catch (error) {
    log.error({ err: error, webhook: id }, 'the secret of a webhook cannot be opened');
    return undefined;
  }
}

/** Without dots, which divide what is signed. */
export const messageId = ({ org, seq }: SealedEvent): string => `evt_${org}_${seq}`;

/** The event as the audit log has it, in the form that Standard Webhooks proposes. */
const toPayload = ({ action, time, ...data }: SealedEvent) => ({ type: action, timestamp: time, data });
