import { Agent, type Server } from 'node:http';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { accept } from '../../src/domain/result.ts';
import { httpApp, key, listening, readable, requestId, someRequest } from '../support/http-app.ts';
import { sendRaw } from '../support/send-raw.ts';

const request = someRequest();
const willing = {
  runCommand: async () => accept({ kind: 'decided', request } as const),
  decideRequest: async () => accept(request),
  revokeGrant: async () => accept(request),
  ...readable(request),
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
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => text.replaceAll(' ', '')),
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
    authorization: fc.oneof({ weight: 9, arbitrary: fc.constant(`Bearer ${key}`) }, { weight: 1, arbitrary: headerValue }),
    'content-type': fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: headerValue }),
    accept: headerValue,
    'accept-version': headerValue,
    'x-request-id': headerValue,
    'x-http-method-override': headerValue,
    traceparent: headerValue,
  },
  { requiredKeys: ['authorization', 'content-type'] },
);
const method = fc.constantFrom('POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: Server | undefined;
afterAll(() => {
  agent.destroy();
  server?.close();
});

describe('anything at all', () => {
  it('is answered with less than a 500, and where it is refused, by a problem document', async () => {
    const { app, logged } = await httpApp(willing, { rateLimit: 1_000_000 });
    const bound = await listening(app);
    server = bound.server;
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(method, path, headers, body, async (verb, url, head, payload) => {
        const answer = await sendRaw({ port: bound.port, agent, method: verb, path: url, headers: head }, payload);
        statuses.add(answer.status);
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400 && verb !== 'HEAD') {
          expect(JSON.parse(answer.body)).toMatchObject({ status: answer.status, error: expect.any(String), detail: expect.any(String) });
          expect(answer.body.length).toBeLessThan(4_000);
        }
      }),
      { numRuns: 1_500 },
    );
    // Otherwise nothing got as far as it should.
    for (const status of [200, 400, 401, 404, 415]) expect(statuses).toContain(status);
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });
});
