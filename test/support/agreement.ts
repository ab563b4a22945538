/** Do the messages agree with the database? */
import { expect } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { parseRequestId } from '../../src/domain/ids.ts';
import { must } from './http-app.ts';
import { posted } from './posted.ts';
import type { RunningCurfew } from './running-curfew.ts';
import { email, org } from './world.ts';

/** Nothing is left to be told, and what was told stands where the database says, once, and as it says. */
export async function expectAgreement(product: RunningCurfew, patienceMs = 40_000): Promise<void> {
  // What happens meanwhile is told meanwhile, so there may be another round; it is enough that it comes to rest.
  await expect
    .poll(() => disagreement(product), { timeout: patienceMs, interval: 200 })
    .toEqual({
      left: [],
      untold: [],
      unknown: [],
      redrawn: [],
    });
  expect(product.workspace.warnings).toEqual([]);
}

async function disagreement(product: RunningCurfew) {
  const { pool, work } = product.curfew;
  const { rows: left } = await pool.query(
    `select subject::text from outbox where kind = 'notify' union all select slot from posting_attempts`,
  );
  const { rows } = await pool.query<{ request: string; posting: string; channel: string; ts: string }>(
    `select request_id as request, slot as posting, channel, ts from messages`,
  );
  const told = posted(product).map(({ request, posting, message: { channel, ts } }) => JSON.stringify({ request, posting, channel, ts }));
  const kept = rows.map((row) => JSON.stringify(row));
  const before = product.workspace.calls.length;
  // Converging once more changes nothing: what is remembered as shown is what is true.
  for (const id of left.length > 0 ? [] : new Set(rows.map(({ request }) => request))) await work.notify(must(parseRequestId(id)));
  const again = product.workspace.calls.slice(before).map(({ method }) => method);
  return {
    left,
    untold: kept.filter((each) => !told.includes(each)),
    unknown: told.filter((each) => !kept.includes(each)),
    redrawn: again.filter((method) => ['chat.postMessage', 'chat.update'].includes(method)),
  };
}

/** Somebody who acts while Slack does not. */
export async function callerOf({ curfew }: RunningCurfew, name: string, userId: string): Promise<Caller> {
  const identity = { provider: 'slack', subject: `T0LOCAL01/${userId}`, email: email(`${name}@example.com`) } as const;
  return { org, via: 'slack', scopes: everyScope, person: await curfew.useCases.identify(org, identity) };
}
