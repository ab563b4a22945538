import { describe, expect, it } from 'vitest';
import { accept, reject } from '../../src/domain/result.ts';
import { instant } from '../../src/domain/time.ts';
import { bob, hour, httpApp, key, must, requestId, someRequest, start } from '../support/http-app.ts';
import { parseRequestId } from '../../src/domain/ids.ts';

const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
const path = `/o/demo/permission-requests/${requestId}`;
const secondId = must(parseRequestId('01938a00-0000-7000-8000-000000000002'));
const second = {
  ...someRequest(),
  id: secondId,
  extension: { of: requestId, first: requestId, from: start, until: instant(start + 3_600_000) },
};

describe('extending', () => {
  it('answers with the new request, which names the one it extends', async () => {
    const seen: unknown[] = [];
    const { app } = await httpApp({
      extendRequest: async (caller, id, more) => {
        seen.push([caller.person, id, more]);
        return accept(second);
      },
    });
    const payload = { duration: '1 hour', reason: ' not\u0007 done ' };
    const response = await app.inject({ method: 'POST', url: `${path}/extend/`, headers, payload });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ ok: true, id: secondId, request: { id: secondId, status: 'NEW', extends: requestId } });
    expect(seen).toEqual([[bob, requestId, { duration: hour, reason: 'not done' }]]);
  });

  it('refuses without a call what cannot be', async () => {
    const { app } = await httpApp();
    for (const payload of [
      {},
      { duration: '0h' },
      { duration: 3600 },
      { duration: '1h', reason: 7 },
      { duration: '1h', reason: 'x'.repeat(1001) },
    ]) {
      const response = await app.inject({ method: 'POST', url: `${path}/extend`, headers, payload });
      expect({ payload, status: response.statusCode }).toEqual({ payload, status: 400 });
    }
    const unknown = await app.inject({
      method: 'POST',
      url: '/o/demo/permission-requests/nonsense/extend',
      headers,
      payload: { duration: '1h' },
    });
    expect(unknown.statusCode).toBe(404);
  });

  it('names the maximum that the whole would be over', async () => {
    const { app } = await httpApp({ extendRequest: async () => reject({ code: 'over-total', total: hour, maximum: hour }) });
    const response = await app.inject({ method: 'POST', url: `${path}/extend`, headers, payload: { duration: '1h' } });
    expect(response.json()).toMatchObject({
      status: 400,
      type: 'urn:curfew:problem:over-total',
      error: expect.stringContaining('The maximum is 1 hour'),
    });
  });
});

describe('escalating', () => {
  it('needs no body, and answers with when it was', async () => {
    const seen: unknown[] = [];
    const { app } = await httpApp({
      escalateRequest: async (_caller, id, reason) => {
        seen.push([id, reason]);
        return accept({ ...someRequest(), escalation: { at: start, reason, isPaged: false } });
      },
    });
    for (const payload of [undefined, '{}', '{"reason":"the shop is down"}']) {
      const response = await app.inject({
        method: 'POST',
        url: `${path}/escalate`,
        headers,
        ...(payload === undefined ? {} : { payload }),
      });
      expect(response.json()).toMatchObject({ ok: true, request: { escalatedAt: '2025-01-31T09:00:00.000Z' } });
    }
    expect(seen).toEqual([
      [requestId, undefined],
      [requestId, undefined],
      [requestId, 'the shop is down'],
    ]);
  });

  it('says what is missing', async () => {
    for (const [rejection, status] of [
      [{ code: 'not-escalatable' }, 400],
      [{ code: 'not-configured', what: 'The on-call integration pagerduty' }, 400],
      [{ code: 'unavailable', what: 'on-call service pagerduty' }, 503],
    ] as const) {
      const { app } = await httpApp({ escalateRequest: async () => reject(rejection) });
      const response = await app.inject({ method: 'POST', url: `${path}/escalate`, headers });
      expect(response.json()).toMatchObject({ status, type: `urn:curfew:problem:${rejection.code}`, error: expect.any(String) });
    }
  });
});
