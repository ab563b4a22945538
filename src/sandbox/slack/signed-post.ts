import { createHmac } from 'node:crypto';
import { ACK_DEADLINE_MS, type Answer, type Delivery, type DeliveryTweaks } from './delivery.ts';
import { isJson, type Json, parseJson } from './json.ts';

/** `v0=` and the HMAC that Slack puts on a request. */
export function sign(secret: string, timestampSeconds: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestampSeconds}:${body}`).digest('hex')}`;
}

function encode(delivery: Delivery): { contentType: string; body: string } {
  // Bolt compares this content type exactly, so no charset may follow it.
  const form = 'application/x-www-form-urlencoded';
  switch (delivery.type) {
    case 'events_api':
      return { contentType: 'application/json', body: JSON.stringify(delivery.payload) };
    case 'interactive':
      return { contentType: form, body: new URLSearchParams({ payload: JSON.stringify(delivery.payload) }).toString() };
    case 'slash_commands': {
      const fields = Object.entries(delivery.payload).map(([name, value]) => [name, String(value)]);
      return { contentType: form, body: new URLSearchParams(Object.fromEntries(fields)).toString() };
    }
  }
}

function toBody(text: string): Json {
  const parsed = parseJson(text);
  if (isJson(parsed)) return parsed;
  return text === '' ? {} : { text };
}

/** Posts one delivery as Slack does over HTTP, and waits 3 s for the acknowledgement. */
export async function postSigned(
  url: string,
  secret: string,
  nowMs: number,
  delivery: Delivery,
  tweaks: DeliveryTweaks = {},
): Promise<Answer> {
  const { contentType, body } = encode(delivery);
  const stamp = tweaks.timestampSeconds ?? Math.floor(nowMs / 1000);
  const headers: Record<string, string> = {
    'content-type': contentType,
    'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
    'x-slack-request-timestamp': String(stamp),
    'x-slack-signature': sign(tweaks.signingSecret ?? secret, stamp, body),
  };
  if (tweaks.retry !== undefined) {
    headers['x-slack-retry-num'] = String(tweaks.retry.attempt);
    headers['x-slack-retry-reason'] = tweaks.retry.reason;
  }
  try {
    const signal = AbortSignal.timeout(ACK_DEADLINE_MS);
    const response = await fetch(url, { method: 'POST', headers, body: tweaks.tamperedBody ?? body, signal, redirect: 'error' });
    const text = await response.text();
    if (!response.ok) return { kind: 'failed', status: response.status, reason: `http_error: ${response.status}` };
    return { kind: 'acked', body: toBody(text) };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return { kind: 'timeout' };
    return { kind: 'failed', reason: `connection_failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
