import { describe, expect, it } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { instant } from '../../src/domain/time.ts';
import { approved, bob, carol, hour, httpApp, key, readable, requestId, someRequest, start } from '../support/http-app.ts';

const authorization = `Bearer ${key}`;
const json = { authorization, 'content-type': 'application/json' };
const path = `/o/demo/permission-requests/${requestId}`;
const planned = approved({ kind: 'planned', latestEnd: start, provisionUntil: start });
const denied = someRequest({ kind: 'denied', by: { kind: 'person', person: carol }, at: start, reason: undefined });

/** Records every change that the use cases are asked for. */
function recording(): { seen: unknown[]; overrides: Partial<UseCases> } {
  const seen: unknown[] = [];
  return {
    seen,
    overrides: {
      decideRequest: async (caller, id, verdict) => {
        seen.push([caller.person, id, verdict]);
        return accept(verdict.kind === 'approve' ? planned : denied);
      },
      revokeGrant: async (caller, id, reason) => {
        seen.push([caller.person, id, reason]);
        return accept(approved({ kind: 'ending', end: { kind: 'revoked', at: start, by: carol, reason } }));
      },
    },
  };
}

describe('approving', () => {
  it('takes both ways to write a length', async () => {
    for (const expirationLength of ['1h', '1 hour', '60m']) {
      const { seen, overrides } = recording();
      const { app } = await httpApp(overrides);
      const response = await app.inject({ method: 'POST', url: `${path}/approve`, headers: json, payload: { expirationLength } });
      expect(response.statusCode).toBe(200);
      expect(response.json()).toMatchObject({
        ok: true,
        id: requestId,
        request: { status: 'APPROVED', decision: { by: carol.email, seconds: 3600 } },
      });
      expect(seen).toEqual([[bob, requestId, { kind: 'approve', duration: hour, digest: undefined }]]);
    }
  });

  it('refuses any other length, and none, without a call', async () => {
    const { app } = await httpApp();
    for (const payload of [{ expirationLength: '0h' }, { expirationLength: ' 1h' }, { expirationLength: 3600 }, {}]) {
      const response = await app.inject({ method: 'POST', url: `${path}/approve`, headers: json, payload });
      expect(response.statusCode).toBe(400);
      expect(response.json().error).toEqual(expect.any(String));
    }
    expect((await app.inject({ method: 'POST', url: `${path}/approve`, headers: { authorization } })).statusCode).toBe(400);
  });

  it('turns refusals into the statuses that the contract names', async () => {
    for (const [rejection, status] of [
      [{ code: 'not-approver' }, 403],
      [{ code: 'own-request' }, 403],
      [{ code: 'not-found' }, 404],
      [{ code: 'already-decided', status: 'approved', by: 'carol@example.com' }, 400],
      [{ code: 'lapsed' }, 400],
      [{ code: 'over-maximum', asked: hour, maximum: hour }, 400],
    ] as const) {
      const { app } = await httpApp({ decideRequest: async () => reject(rejection) });
      const response = await app.inject({ method: 'POST', url: `${path}/approve`, headers: json, payload: { expirationLength: '1h' } });
      expect(response.statusCode).toBe(status);
      expect(response.json()).toMatchObject({ type: `urn:curfew:problem:${rejection.code}`, status, error: expect.any(String) });
    }
  });
});

describe('denying and revoking', () => {
  it('needs no body, whatever the content type says', async () => {
    for (const action of ['deny', 'revoke']) {
      for (const [headers, payload] of [
        [json, undefined],
        [json, ''],
        [json, '{}'],
        [json, 'null'],
        [{ authorization }, undefined],
      ] as const) {
        const { seen, overrides } = recording();
        const { app } = await httpApp(overrides);
        const response = await app.inject({
          method: 'POST',
          url: `${path}/${action}`,
          headers,
          ...(payload === undefined ? {} : { payload }),
        });
        expect(response.statusCode).toBe(200);
        expect(response.json()).toMatchObject({ ok: true, id: requestId, message: expect.any(String) });
        expect(seen).toHaveLength(1);
      }
    }
  });

  it('passes a reason on, cleaned, and refuses one that is too long', async () => {
    const { seen, overrides } = recording();
    const { app } = await httpApp(overrides);
    await app.inject({ method: 'POST', url: `${path}/deny`, headers: json, payload: { reason: ' not\u0007 now ' } });
    await app.inject({ method: 'POST', url: `${path}/revoke`, headers: json, payload: { reason: 'left' } });
    expect(seen).toEqual([
      [bob, requestId, { kind: 'deny', reason: 'not now' }],
      [bob, requestId, 'left'],
    ]);
    const long = await app.inject({ method: 'POST', url: `${path}/deny`, headers: json, payload: { reason: 'x'.repeat(1001) } });
    expect(long.statusCode).toBe(400);
    expect(long.json().type).toBe('urn:curfew:problem:reason-too-long');
  });
});

describe('reading', () => {
  it('shows each state with its wire status', async () => {
    const end = { kind: 'expired', at: start } as const;
    const evidence = { observedAt: start, leftInPlace: undefined, sessionsEnded: 1 } as const;
    for (const [request, expected] of [
      [someRequest(), { status: 'NEW', createdAt: '2025-01-31T09:00:00.000Z', requestedSeconds: 3600 }],
      [planned, { status: 'APPROVED' }],
      [
        approved({ kind: 'active', grantedAt: start, expiresAt: instant(start + 1000) }),
        { status: 'DONE', access: { expiresAt: '2025-01-31T09:00:01.000Z' } },
      ],
      [approved({ kind: 'ended', end, evidence }), { status: 'EXPIRED', access: { ended: 'expired' } }],
      [someRequest({ kind: 'cancelled', at: start }), { status: 'DENIED', decision: { reason: 'cancelled' } }],
      [someRequest({ kind: 'lapsed', at: start }), { status: 'EXPIRED' }],
    ] as const) {
      const { app } = await httpApp(readable(request));
      const response = await app.inject({ url: path, headers: json });
      expect(response.statusCode).toBe(200);
      expect(response.json()).toMatchObject({ id: requestId, type: 'pg', generated: {}, ...expected });
    }
  });

  it("keeps a target's own words to itself", async () => {
    const failed = approved({ kind: 'failed', at: start, why: 'permission denied for role postgres_secret' });
    const { app } = await httpApp(readable(failed));
    const response = await app.inject({ url: path, headers: json });
    expect(response.json()).toMatchObject({ status: 'ERRORED', error: { message: expect.any(String) } });
    expect(response.body).not.toContain('postgres_secret');
  });

  it('answers an unknown id and one that cannot be one alike', async () => {
    const { history } = readable(someRequest());
    const { app } = await httpApp({ history: { ...history, read: async () => reject({ code: 'not-found' }) } });
    const bodies = [];
    for (const id of [requestId, 'nope', '%2e%2e', 'x'.repeat(3000), "1'--"]) {
      const response = await app.inject({ url: `/o/demo/permission-requests/${id}`, headers: json });
      expect(response.statusCode).toBe(404);
      const { instance, ...rest } = response.json();
      expect(instance).toBe(`urn:uuid:${String(response.headers['x-request-id'])}`);
      bodies.push(rest);
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });
});
