import { Resolver } from 'node:dns';
import { Agent, request } from 'undici';
import type { WebhookOutcome, WebhookWire } from '../app/webhooks-store.ts';
import { epochSeconds } from '../domain/time.ts';
import { webhookDeadlineMs } from '../domain/webhook.ts';
import { Forbidden, guardConnect, type Resolve } from './guarded-connect.ts';
import { readUrl } from './read-url.ts';
import { askMachine, askNameServers } from './resolve.ts';
import { newSecret, sign } from './signature.ts';

/** So much of an answer's body is read before the connection is cut; nothing of it is kept. */
const longestAnswerBytes = 4_096;

export type WireOptions = {
  /** Hosts, as a URL spells them, that may be called wherever they lead, and without TLS. */
  readonly allowHosts: readonly string[];
  readonly resolve?: Resolve;
  readonly deadlineMs?: number;
};

/** Hosts that are allowed by name are ours; all others are looked up as what anybody may have written. */
function resolveFor(allowed: ReadonlySet<string>): Resolve {
  const askOthers = askNameServers(new Resolver({ timeout: 2_000, tries: 2 }));
  return (hostname, told) => (allowed.has(hostname) ? askMachine : askOthers)(hostname, told);
}

/** Calls to receivers of webhooks: only public addresses, no redirects, a deadline, and nothing of the answer but its status. */
export function createWebhookWire({ allowHosts, resolve, deadlineMs = webhookDeadlineMs }: WireOptions): WebhookWire & AsyncDisposable {
  const allowed = new Set(allowHosts);
  const agent = new Agent({
    connect: guardConnect(resolve ?? resolveFor(allowed), allowed, deadlineMs),
    // A connection for each call: an old one that the receiver closes just then would look like a failure of it.
    pipelining: 0,
    maxHeaderSize: 16_384,
  });
  return {
    newSecret,
    readUrl: (given) => readUrl(given, allowed),
    async post({ url, secrets, messageId, at, body }, stopping) {
      const deadline = AbortSignal.timeout(deadlineMs);
      const timestamp = epochSeconds(at);
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Curfew-Webhooks/1',
        'webhook-id': messageId,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': sign(secrets, messageId, timestamp, body),
      };
      try {
        const signal = AbortSignal.any([deadline, stopping]);
        const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
        // The status is all that counts; how the rest of the answer fares does not.
        await answer.body.dump({ limit: longestAnswerBytes, signal }).catch(() => undefined);
        return { kind: 'answered', status: answer.statusCode };
      } catch (error) {
        return stopping.aborted ? 'stopped' : { kind: 'failed', why: deadline.aborted ? 'no answer in time' : describe(error) };
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** An error's code at most: its text may quote what the receiver said. */
function describe(error: unknown): Extract<WebhookOutcome, { kind: 'failed' }>['why'] {
  if (error instanceof Forbidden) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'the call failed';
}
