import { randomBytes } from 'node:crypto';
import { ACK_DEADLINE_MS, type Answer, type Delivery, type DeliveryTweaks } from './delivery.ts';
import type { Json } from './json.ts';
import { APP, TEAM } from './people.ts';
import { postSigned } from './signed-post.ts';
import type { SocketLink } from './socket-link.ts';

const EVENT_RETRY_AFTER_MS = [0, 60_000, 300_000];
const SENT_KEPT = 100;

export const VERIFICATION_TOKEN = 'local-verification-token';

export type Courier = {
  /** One delivery to the app: on a socket where one is open, else as a signed post. */
  deliver: (delivery: Delivery, tweaks?: DeliveryTweaks) => Promise<Answer>;
  /** Wraps an event and delivers it; an event without an acknowledgement comes again, up to three times. */
  deliverEvent: (event: Json) => Promise<Answer>;
  /** What was delivered, the newest last. */
  sent: Delivery[];
  close: () => void;
};

export type CourierOptions = {
  link: SocketLink;
  http: { url: string } | undefined;
  signingSecret: string;
  now: () => number;
  warn: (line: string) => void;
};

function toEvent(event: Json, nowMs: number): Delivery {
  return {
    type: 'events_api',
    payload: {
      token: VERIFICATION_TOKEN,
      team_id: TEAM.id,
      api_app_id: APP.id,
      event: { ...event, event_ts: `${Math.floor(nowMs / 1000)}.000100` },
      type: 'event_callback',
      event_id: `Ev${randomBytes(6).toString('hex').toUpperCase()}`,
      event_time: Math.floor(nowMs / 1000),
      authorizations: [{ enterprise_id: null, team_id: TEAM.id, user_id: APP.userId, is_bot: true, is_enterprise_install: false }],
      is_ext_shared_channel: false,
    },
  };
}

export function createCourier(options: CourierOptions): Courier {
  const sent: Delivery[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  const deliver: Courier['deliver'] = async (delivery, tweaks = {}) => {
    sent.push(delivery);
    if (sent.length > SENT_KEPT) sent.shift();
    const answer = await carry(delivery, tweaks);
    if (answer.kind === 'timeout') options.warn(`late: no acknowledgement of ${delivery.type} within ${ACK_DEADLINE_MS} ms`);
    return answer;
  };

  const carry = async (delivery: Delivery, tweaks: DeliveryTweaks): Promise<Answer> => {
    if (options.link.isOpen()) return options.link.send(delivery, tweaks);
    if (options.http === undefined) return { kind: 'failed', reason: 'no app is connected' };
    return postSigned(options.http.url, options.signingSecret, options.now(), delivery, tweaks);
  };

  const retryLater = (delivery: Delivery, attempt: number, failed: Answer): void => {
    const delay = EVENT_RETRY_AFTER_MS[attempt - 1];
    if (delay === undefined || closed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void deliver(delivery, { retry: { attempt, reason: failed.kind === 'timeout' ? 'http_timeout' : 'http_error' } }).then((answer) => {
        if (answer.kind !== 'acked') retryLater(delivery, attempt + 1, answer);
      });
    }, delay);
    timer.unref();
    timers.add(timer);
  };

  return {
    sent,
    deliver,
    deliverEvent: async (event) => {
      const delivery = toEvent(event, options.now());
      const answer = await deliver(delivery);
      if (answer.kind !== 'acked') retryLater(delivery, 1, answer);
      return answer;
    },
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
