/** Do the messages agree with the database? */
import { expect } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import { digestOf } from '../../src/domain/digest.ts';
import { everyScope } from '../../src/domain/scope.ts';
import { parseRequestId } from '../../src/domain/ids.ts';
import { must } from './http-app.ts';
import { posted } from './posted.ts';
import type { RunningCurfew } from './running-curfew.ts';
import { tellAgain } from './tell-again.ts';
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
  await expect.poll(() => staleTabs(product), { timeout: patienceMs, interval: 200 }).toEqual([]);
  expect(product.workspace.warnings).toEqual([]);
}

type Remembered = { readonly request: string; readonly slot: string; readonly shown: string };

/** What was seen to be true, by message and digest: one of each is enough. */
const seenTrue = new WeakMap<RunningCurfew, Map<string, unknown>>();

/**
 * What stands in Slack is what would be drawn of the same picture now: what is remembered as shown may have been overtaken on its
 * way there. It draws each message once more, and Slack takes only so many of that in a minute: for tests that have few.
 */
export async function expectTruth(product: RunningCurfew, patienceMs = 40_000): Promise<void> {
  await expectAgreement(product, patienceMs);
  const { pool } = product.curfew;
  const remembered = async () =>
    (await pool.query<Remembered>(`select request_id as request, slot, shown from messages where shown <> ''`)).rows;
  // Read before what stands there: what changes in between has another digest afterwards, and is left to the next look.
  const before = await remembered();
  const stood = standing(product);
  const known = seenTrue.get(product) ?? new Map<string, unknown>();
  seenTrue.set(product, known);
  const unseen = new Set(before.filter((each) => !known.has(keyOf(each))).map(({ request }) => request));
  await pool.query(`update messages set shown = '' where request_id = any($1)`, [[...unseen]]);
  for (const id of unseen) {
    await expect.poll(() => isToldAgain(product, id), { timeout: patienceMs, interval: 200 }).toBe(true);
  }
  const drawn = standing(product);
  const after = await remembered();
  // Otherwise nothing was drawn, and nothing would be compared.
  expect(after.map(placeOf)).toEqual(expect.arrayContaining(before.map(placeOf)));
  for (const each of after) if (unseen.has(each.request)) known.set(keyOf(each), drawn.get(placeOf(each)));
  const same = before.filter((each) => known.has(keyOf(each)));
  expect(same.map((each) => [keyOf(each), stood.get(placeOf(each))])).toEqual(same.map((each) => [keyOf(each), known.get(keyOf(each))]));
}

/** The product's own worker may have been quicker to take the line: then it is told when the line is gone. */
async function isToldAgain({ curfew }: RunningCurfew, id: string): Promise<boolean> {
  await tellAgain(curfew, must(parseRequestId(id)));
  const { rowCount } = await curfew.pool.query(`select from outbox where kind = 'notify' and subject = $1`, [id]);
  return rowCount === 0;
}

const placeOf = ({ request, slot }: Pick<Remembered, 'request' | 'slot'>): string => `${request} ${slot}`;
const keyOf = (row: Remembered): string => `${placeOf(row)} ${row.shown}`;

/** What each message says, without the ids that Slack gives to blocks anew with each drawing. */
function standing(product: RunningCurfew): ReadonlyMap<string, unknown> {
  return new Map(
    posted(product).map(({ request, posting, message: { text, blocks } }) => [
      placeOf({ request, slot: posting }),
      structuredClone({ text, blocks: blocks.map((block) => ({ ...block, block_id: undefined })) }),
    ]),
  );
}

/** The accounts whose home tab is not what was drawn last, of those of which nothing is in doubt or still to be looked at. */
async function staleTabs({ curfew, workspace }: RunningCurfew): Promise<readonly string[]> {
  const { rows } = await curfew.pool.query<{ account: string; shown: string }>(
    `select account, shown from homes where shown <> '' and publish_at is null and lease_until is null`,
  );
  return rows.filter(({ account, shown }) => shown !== digestOf(workspace.state.homes.get(account)?.source)).map(({ account }) => account);
}

async function disagreement(product: RunningCurfew) {
  const { pool } = product.curfew;
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
  for (const id of left.length > 0 ? [] : new Set(rows.map(({ request }) => request)))
    if (!(await isToldAgain(product, id))) left.push({ subject: id });
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
