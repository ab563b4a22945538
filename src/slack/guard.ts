/** Decides whether an HTTP request comes from Slack, before anything reads it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createRecent } from './recent.ts';

/** 401: not Slack's, not now, or not again. 400: Slack's, but nothing that it sends. */
export type GuardAnswer = { readonly ok: true } | { readonly ok: false; readonly status: 400 | 401; readonly why: GuardWhy };
export type GuardWhy =
  | 'no signature'
  | 'no time stamp'
  | 'too old'
  | 'of the future'
  | 'wrong signature'
  | 'seen before'
  | 'ssl_check'
  | 'not a payload of Slack';
export type Guard = (headers: IncomingHttpHeaders, body: Buffer) => GuardAnswer;

const oldestSeconds = 300;
/** Clocks differ a little; a stamp further ahead would make a recorded request last longer than it should. */
const mostAheadSeconds = 60;
/**
 * Nothing in what Slack sends for the options of a list differs from one time to the next: whoever types, deletes and types the
 * same again within a second sends the same bytes. Slack waits three seconds for them, and clocks differ a little.
 */
const retypedSeconds = 5;
const rememberMs = 600_000;
const mostRemembered = 50_000;

const no = (why: GuardWhy): GuardAnswer => ({ ok: false, status: 401, why });

/**
 * Slack's v0 signature over the raw bytes. Beyond the rule, refuses stamps of the future, repeats of a signature and
 * `ssl_check`, which Bolt would answer unsigned. What somebody types in a list changes nothing and may repeat while it is
 * fresh. Repeats are known to this process only: what a repeat would do is stopped by the state of the request as well.
 */
export function createGuard(signingSecret: string, clocks: { readonly epochMs: () => number; readonly monotonicMs: () => number }): Guard {
  const seen = createRecent(rememberMs, mostRemembered, clocks.monotonicMs);
  return (headers, body) => {
    const signature = headers['x-slack-signature'];
    const stamp = headers['x-slack-request-timestamp'];
    if (typeof signature !== 'string' || typeof stamp !== 'string') return no('no signature');
    if (!/^[0-9]{1,12}$/.test(stamp)) return no('no time stamp');
    const ageSeconds = Math.floor(clocks.epochMs() / 1000) - Number(stamp);
    if (ageSeconds > oldestSeconds) return no('too old');
    if (ageSeconds < -mostAheadSeconds) return no('of the future');
    if (!isSame(signature, sign(signingSecret, stamp, body))) return no('wrong signature');
    if (!seen.add(signature) && !(ageSeconds <= retypedSeconds && isTyping(body))) return no('seen before');
    if (isSslCheck(body)) return no('ssl_check');
    return isPayload(headers, body) ? { ok: true } : { ok: false, status: 400, why: 'not a payload of Slack' };
  };
}

const sign = (secret: string, stamp: string, body: Buffer): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${stamp}:`).update(body).digest('hex')}`;

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const isTyping = (body: Buffer): boolean => {
  const payload = parsed(new URLSearchParams(body.toString()).get('payload') ?? '');
  return typeof payload === 'object' && payload !== null && 'type' in payload && payload.type === 'block_suggestion';
};

const isSslCheck = (body: Buffer): boolean => new URLSearchParams(body.toString()).has('ssl_check');

export const formType = 'application/x-www-form-urlencoded';
export const isForm = (headers: IncomingHttpHeaders): boolean =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() === formType;

/** Bolt takes for granted that JSON is an object; `null` would end in an unhandled rejection. */
function isPayload(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const text = body.toString();
  const payload = isForm(headers) ? new URLSearchParams(text).get('payload') : text;
  if (payload === null) return true;
  const value = parsed(payload);
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined where it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: exactly what is asked here.
    return undefined;
  }
}
