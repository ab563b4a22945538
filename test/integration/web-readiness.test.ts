import { expect, it } from 'vitest';
import { z } from 'zod';
import { backlogCheck } from '../../src/backlog.ts';
import { callerOf } from '../support/agreement.ts';
import { startCurfew } from '../support/running-curfew.ts';

const health = z.object({
  ready: z.boolean(),
  checks: z.object({ backlog: z.object({ ok: z.boolean(), detail: z.string().optional() }) }),
});

it('a process that only answers says what nobody takes away, and goes on answering', async () => {
  await using product = await startCurfew({ transport: 'http', roles: 'web' });
  const { curfew, api } = product;
  const look = async () => {
    const { status, body } = await api('GET', '/readyz');
    return { status, ...health.parse(body) };
  };
  expect(await look()).toMatchObject({ status: 200, ready: true, checks: { backlog: { ok: true } } });
  const [bob, carol] = [await callerOf(product, 'bob', 'U0BOB0001'), await callerOf(product, 'carol', 'U0CAROL01')];
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const asked = await curfew.useCases.submitRequest(bob, { right, reason: 'orders', duration: undefined, to: undefined });
  if (!asked.ok) throw new Error(asked.rejection.code);
  const { id } = asked.value.request;
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  expect((await curfew.useCases.decideRequest(carol, id, verdict)).ok).toBe(true);
  // What waits to be given is nobody's danger.
  expect((await look()).checks.backlog).toEqual({ ok: true });
  expect((await curfew.useCases.revokeGrant(carol, id, undefined)).ok).toBe(true);
  expect((await look()).checks.backlog).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^1 right waits to be taken away, the longest for \d s$/),
  });
  await curfew.pool.query(`update rights set due_at = due_at - interval '90 seconds'`);
  expect(await look()).toMatchObject({
    status: 200,
    ready: true,
    checks: { backlog: { ok: false, detail: expect.stringMatching(/for 9\d s: is a worker running\?$/) } },
  });
}, 60_000);

it.each([
  [false, { rights: 0, oldestSeconds: 0 }, { ok: false, detail: 'what fell due while nothing ran is being taken away first' }],
  [true, undefined, { ok: false, detail: 'unknown' }],
  [true, { rights: 0, oldestSeconds: 0 }, { ok: true }],
  [true, { rights: 1001, oldestSeconds: 60 }, { ok: true, detail: 'more than 1000 rights wait to be taken away, the longest for 60 s' }],
])('taken: %s, waiting: %j', (isTaken, waits, expected) => {
  expect(backlogCheck(isTaken, waits)).toEqual(expected);
});
