import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import { expectAgreement } from '../support/agreement.ts';
import { buttonsOf, seen, textOf } from '../support/journey.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

// Whatever happens to a call, afterwards every message agrees with the database, and none stands there twice. The methods that
// all of this needs; each of the others has a scene in test/support/fault-scenes.ts.

const faults: readonly { what: string; fault: Fault }[] = [
  { what: 'a rate limit', fault: { retryAfterSeconds: 1 } },
  { what: 'a 500', fault: { status: 500 } },
  { what: 'a cut line', fault: { drop: true } },
  { what: 'a lost reply', fault: { lostReply: true } },
];
/** One for each fault: where somebody's direct messages are is asked once. */
const requestors = ['bob', 'dave', 'carol', 'alice'] as const;

/** From asking to giving back, with faults of this method at each step. */
async function goThrough(product: RunningCurfew, who: string, reason: string, meet: () => void): Promise<void> {
  const { workspace } = product;
  const approver = who === 'carol' ? 'alice' : 'carol';
  meet();
  await workspace.as(who).command(`/access request pg role readonly --reason "${reason}" --duration 10m`);
  const approval = await seen(
    workspace,
    () => workspace.as('carol').messages('approvals'),
    (message) => textOf(message).includes(reason) && buttonsOf(message).includes('approve'),
  );
  await expectAgreement(product);
  meet();
  await workspace.as(approver).press(approval, 'approve');
  await workspace.until(() => buttonsOf(approval).join() === 'revoke' && textOf(approval).includes('Active'), 40_000);
  await expectAgreement(product);
  meet();
  await workspace.as(approver).press(approval, 'revoke');
  await workspace.until(() => buttonsOf(approval).length === 0, 40_000);
  await expectAgreement(product);
}

describe.each(['chat.postMessage', 'chat.update'])('%s', (method) => {
  it('may be limited, fail, be cut off or not be heard of', async () => {
    await using product = await startCurfew({ transport: 'socket' });
    for (const [index, { what, fault }] of faults.entries()) {
      const meet = () => {
        product.workspace.faults.next(method, fault);
        product.workspace.faults.next(method, fault);
      };
      await goThrough(product, requestors[index] ?? 'bob', what, meet);
    }
  }, 300_000);
});

describe.each(['views.open', 'views.update', 'views.publish'])('%s', (method) => {
  it('may fail without a message suffering', async () => {
    await using product = await startCurfew({ transport: 'http' });
    for (const [index, { what, fault }] of faults.entries()) {
      const who = requestors[index] ?? 'bob';
      product.workspace.faults.next(method, fault);
      await product.workspace.as(who).command('/access');
      await product.workspace.as(who).openHome();
      await goThrough(product, who, what, () => {});
    }
    expect(product.logged.filter(({ message }) => message === 'a job failed')).toEqual([]);
  }, 300_000);
});
