import { z } from 'zod';
import type { OnCall } from '../app/ports.ts';
import { canonicalEmail, parseEmail } from '../domain/ids.ts';

export type PagerDutyOptions = {
  /** Of the REST API; one that may only read is enough. */
  readonly token: string;
  /** By service: the key of an Events API v2 integration, through which whoever is on call for it is told. */
  readonly routingKeys: ReadonlyMap<string, string>;
  /** Where the REST API is, without a slash at its end. */
  readonly url: string;
  /** Where the Events API is, likewise. */
  readonly eventsUrl: string;
  /** For all that one look-up asks. */
  readonly deadlineMs?: number;
};

const idShape = /^[A-Za-z0-9_-]{1,64}$/;
const serviceAnswer = z.object({ service: z.object({ escalation_policy: z.object({ id: z.string().regex(idShape) }) }) });
const onCallsAnswer = z.object({
  oncalls: z.array(z.object({ escalation_level: z.int(), user: z.object({ email: z.string() }) })),
  more: z.boolean(),
});
const eventAnswer = z.object({ status: z.literal('success') });

const pageSize = 100;
const mostPages = 20;
const longestSummary = 1024;

/**
 * PagerDuty (REST API v2, Events API v2). On call for a service is whoever the first level of its escalation policy asks at
 * this moment; it is asked anew for every look-up. Whatever is not a sound answer throws, and errors quote nothing of it.
 */
export function createPagerDuty({ token, routingKeys, url, eventsUrl, deadlineMs = 5_000 }: PagerDutyOptions): OnCall {
  const get = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> =>
    ask(
      `${url}${path}`,
      { headers: { authorization: `Token token=${token}`, accept: 'application/vnd.pagerduty+json;version=2' } },
      schema,
      signal,
    );

  /** `policy` undefined: of any. */
  async function firstAsked(policy: string | undefined, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    let offset = 0;
    for (let page = 0; page < mostPages; page += 1) {
      const query = new URLSearchParams({ earliest: 'true', limit: `${pageSize}`, offset: `${offset}`, 'include[]': 'users' });
      if (policy !== undefined) query.set('escalation_policy_ids[]', policy);
      const { oncalls, more } = await get(`/oncalls?${query.toString()}`, onCallsAnswer, signal);
      for (const { escalation_level: level, user } of oncalls) {
        const email = level === 1 ? parseEmail(user.email) : undefined;
        if (email !== undefined) found.add(canonicalEmail(email));
      }
      if (!more) return found;
      offset += oncalls.length;
    }
    throw new Error('PagerDuty lists too many who are on call');
  }

  async function onCallFor(service: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    if (!idShape.test(service)) throw new Error('a policy names what is no id of a PagerDuty service');
    const found = await get(`/services/${service}`, serviceAnswer, signal);
    return firstAsked(found.service.escalation_policy.id, signal);
  }

  function tell(routingKey: string, key: string, text: string, signal: AbortSignal): Promise<unknown> {
    const summary = text.slice(0, longestSummary).toWellFormed();
    const payload = { summary, source: 'curfew', severity: 'critical', custom_details: { text } };
    const body = JSON.stringify({ routing_key: routingKey, event_action: 'trigger', dedup_key: key, payload });
    return ask(`${eventsUrl}/v2/enqueue`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }, eventAnswer, signal);
  }

  return {
    name: 'pagerduty',
    async isOnCall(person, services) {
      const signal = AbortSignal.timeout(deadlineMs);
      const mailbox = canonicalEmail(person);
      const asked = services === undefined ? [firstAsked(undefined, signal)] : services.map((service) => onCallFor(service, signal));
      const told = await Promise.allSettled(asked);
      if (told.some((each) => each.status === 'fulfilled' && each.value.has(mailbox))) return true;
      throwFirst(told);
      return false;
    },
    canPage: (service) => routingKeys.has(service),
    async page(services, { key, text }, signal) {
      const keys = new Set(services.flatMap((service) => routingKeys.get(service) ?? []));
      if (keys.size === 0) throw new Error('PagerDuty cannot be told: no routing key is configured for any of the services');
      throwFirst(await Promise.allSettled([...keys].map((routingKey) => tell(routingKey, key, text, signal))));
    },
  };
}

function throwFirst(settled: readonly PromiseSettledResult<unknown>[]): void {
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** @throws with the status, or the cause, and nothing of the answer's text: it may repeat what we sent. */
async function ask<T>(url: string, request: RequestInit, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const { pathname } = new URL(url);
  const answer = await fetch(url, { ...request, redirect: 'manual', signal }).catch((cause: unknown) => {
    throw new Error(`PagerDuty did not answer ${pathname}`, { cause });
  });
  const text = await answer.text().catch((cause: unknown) => {
    throw new Error(`PagerDuty's answer to ${pathname} broke off`, { cause });
  });
  if (!answer.ok) throw new Error(`PagerDuty answered ${pathname} with ${answer.status}`);
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`PagerDuty's answer to ${pathname} has not the shape that its API promises`);
  return parsed.data;
}

/** Undefined for what is no JSON. The parser's own error would quote it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
