import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accept } from '../../src/domain/result.ts';
import { httpApp, key, requestId, someRequest } from '../support/http-app.ts';

const request = someRequest();
const willing = {
  runCommand: async () => accept({ kind: 'decided', request } as const),
  decideRequest: async () => accept(request),
  revokeGrant: async () => accept(request),
  readRequest: async () => accept(request),
};

const segment = fc.oneof(
  fc.constantFrom(
    'o',
    'demo',
    'command',
    'ls',
    'permission-requests',
    requestId,
    'approve',
    'deny',
    'revoke',
    'livez',
    '',
    '..',
    '%2F',
    '%00',
    '%ff',
    '%',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => text.replaceAll(/[\s?#]/g, '')),
  fc.string({ unit: 'grapheme', maxLength: 10 }).map(encodeURIComponentSafely),
);
const path = fc.oneof(
  fc.constantFrom('/o/demo/command', `/o/demo/permission-requests/${requestId}/approve`, `/o/demo/permission-requests/${requestId}/revoke`),
  fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
);
const body = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.record({ argv: fc.array(fc.string({ unit: 'binary' })), scriptName: fc.string() }).map((value) => JSON.stringify(value)),
  fc.record({ expirationLength: fc.oneof(fc.string(), fc.constantFrom('1h', '999999w')) }).map((value) => JSON.stringify(value)),
  fc.record({ reason: fc.string({ unit: 'binary' }) }).map((value) => JSON.stringify(value)),
);
const headerValue = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
const headers = fc.record(
  {
    authorization: fc.oneof({ weight: 3, arbitrary: fc.constant(`Bearer ${key}`) }, { weight: 1, arbitrary: headerValue }),
    'content-type': fc.oneof({ weight: 3, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: headerValue }),
    accept: headerValue,
    'accept-version': headerValue,
    'x-request-id': headerValue,
    'x-http-method-override': headerValue,
    traceparent: headerValue,
  },
  { requiredKeys: [] },
);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

describe('anything at all', () => {
  it('is answered with less than a 500, and where it is refused, by a problem document', async () => {
    const { app, logged } = await httpApp(willing, { rateLimit: 1_000_000 });
    await fc.assert(
      fc.asyncProperty(method, path, headers, body, async (verb, url, head, payload) => {
        const response = await app.inject({ method: verb, url, headers: head, ...(verb === 'GET' || verb === 'HEAD' ? {} : { payload }) });
        expect(response.statusCode).toBeLessThan(500);
        if (response.statusCode >= 400 && verb !== 'HEAD') {
          expect(response.json()).toMatchObject({ status: response.statusCode, error: expect.any(String), detail: expect.any(String) });
          expect(response.body.length).toBeLessThan(4_000);
        }
      }),
      { numRuns: 1_500 },
    );
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });
});
