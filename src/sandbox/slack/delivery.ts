import type { Json } from './json.ts';

/** What Slack sends to an app: the envelope type of Socket Mode and its payload. */
export type Delivery = { type: 'slash_commands' | 'interactive' | 'events_api'; payload: Json };

/** What came back. `body` is the acknowledgement's payload, empty for a bare ack. */
export type Answer = { kind: 'acked'; body: Json } | { kind: 'timeout' } | { kind: 'failed'; status?: number; reason: string };

/** For retries of events, and for tests that forge or repeat a delivery. */
export type DeliveryTweaks = {
  envelopeId?: string;
  retry?: { attempt: number; reason: string };
  /** HTTP only: signs with another secret, or with another time (epoch seconds), or sends other bytes under the signature. */
  signingSecret?: string;
  timestampSeconds?: number;
  tamperedBody?: string;
};

export const ACK_DEADLINE_MS = 3000;
