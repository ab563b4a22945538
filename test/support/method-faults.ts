import { setTimeout as settle } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { parseRequestId, type RequestId } from '../../src/domain/ids.ts';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import { callerOf, expectAgreement } from './agreement.ts';
import { scenes } from './fault-scenes.ts';
import { type Asker, decider, moreAskers } from './fault-turns.ts';
import { must } from './http-app.ts';
import { jumpingClock } from './jumping-clock.ts';
import { type RunningCurfew, startCurfew } from './running-curfew.ts';
import { tellAgain } from './tell-again.ts';

/** Whatever happens to any call: in the end what it is good for is there, once, and nobody's access lasts longer for it. */
export type Family = 'auth' | 'chat' | 'conversations' | 'functions' | 'users' | 'views';

type Case = { readonly what: string; readonly who: Asker; readonly fault: Fault; readonly times: number };
const minutes = { what: 'a limit of ten minutes', who: 'heidi', fault: { retryAfterSeconds: 600 }, times: Infinity } as const;
const faults: readonly Case[] = [
  { what: 'a rate limit', who: 'bob', fault: { retryAfterSeconds: 1 }, times: 2 },
  // As often as answers to people are repeated before they are told that something failed.
  { what: 'a 500', who: 'erin', fault: { status: 500 }, times: 3 },
  { what: 'a cut line', who: 'frank', fault: { drop: true }, times: 3 },
  { what: 'a lost reply', who: 'grace', fault: { lostReply: true }, times: 1 },
  minutes,
];
/** One for whoever types, and one for each of two messages at once. */
const mostCallsInPause = 3;
/** What is known of people is kept for one minute, and of channels for five. */
const forgottenMs = 301_000;

/** Dave has access that somebody will take away. */
export async function giveAccess(product: RunningCurfew): Promise<RequestId> {
  const { useCases, pool } = product.curfew;
  const right = { service: 'pg', accessType: 'role', resource: 'readwrite', integration: undefined };
  const dave = await callerOf(product, 'dave', 'U0DAVE001');
  const submitted = await useCases.submitRequest(dave, { right, reason: 'held', duration: undefined, to: undefined });
  if (!submitted.ok) throw new Error(submitted.rejection.code);
  const { id } = submitted.value.request;
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  await useCases.decideRequest(await decider(product), id, verdict);
  const isActive = async () => (await pool.query(`select from grants where request_id = $1 and state = 'active'`, [id])).rowCount;
  await expect.poll(isActive, { timeout: 20_000 }).toBe(1);
  await expectAgreement(product);
  return id;
}

async function takeAway(product: RunningCurfew, id: RequestId): Promise<void> {
  const { useCases, pool } = product.curfew;
  await useCases.revokeGrant(await decider(product), id, undefined);
  const isOver = async () => (await pool.query(`select from grants where request_id = $1 and state = 'ended'`, [id])).rowCount;
  await expect.poll(isOver, { timeout: 10_000, interval: 50 }).toBe(1);
}

/** More often than Slack may be asked meanwhile. What is tried fails, or finds that another is at it. */
async function tryAgain({ curfew }: RunningCurfew, reason: string): Promise<void> {
  const { rows } = await curfew.pool.query<{ id: string }>('select id from requests where reason like $1', [`%${reason}`]);
  const ids = rows.map(({ id }) => must(parseRequestId(id)));
  for (let each = 0; each < 3 * mostCallsInPause; each++) await Promise.allSettled(ids.map((id) => tellAgain(curfew, id)));
}

export const describeMethods = (family: Family): void =>
  describe.each(scenes.filter(({ method }) => method.startsWith(`${family}.`)))(
    '$method, $what',
    ({ method, start, prepare, act, effect, isOnce = false }) => {
      it('may be limited, fail, be cut off or not be heard of', async () => {
        await using product = await startCurfew({ transport: 'http', ...start, slack: { people: moreAskers, ...start?.slack } });
        const { workspace } = product;
        const jump = jumpingClock();
        const taken = vi.spyOn(workspace.faults, 'take');
        const met = () => taken.mock.results.filter(({ value }, at) => value !== undefined && taken.mock.calls[at]?.[0] === method).length;
        await prepare?.(product);
        const held = await giveAccess(product);
        for (const { what, who, fault, times } of faults) {
          jump(forgottenMs);
          const before = met();
          const meet = () => {
            if (times === Infinity) workspace.faults.every(method, fault);
            else for (let each = 0; each < (isOnce ? 1 : times); each++) workspace.faults.next(method, fault);
          };
          const turn = { product, who, reason: what, meet };
          await act(turn);
          await expect.poll(met, { timeout: 20_000 }).toBeGreaterThan(before);
          if (fault === minutes.fault) {
            await takeAway(product, held);
            await tryAgain(product, what);
            expect(met() - before).toBeLessThanOrEqual(mostCallsInPause);
            workspace.faults.every(method, undefined);
            // A retry of the turn before may have met the limit just now: it hears of it by the clock as it is.
            await settle(200);
            jump(minutes.fault.retryAfterSeconds * 1_000);
            // The queue may have tried ten times; whoever sweeps does not wait for it for ever.
            await product.curfew.pool.query(`update outbox set sent_at = sent_at - interval '20 seconds'`);
          }
          await effect(turn);
          await expectAgreement(product);
        }
      }, 300_000);
    },
  );
