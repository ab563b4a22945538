import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import { callerOf, expectAgreement } from '../support/agreement.ts';
import { posted } from '../support/posted.ts';
import { accessOf, approvalOf, buttonsOf, seen, textOf } from '../support/journey.ts';
import { must } from '../support/http-app.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

// Two dozen rights of one person end at once: a few messages say so, over the whole product.

const many = 24;

async function giveMany(product: RunningCurfew): Promise<void> {
  const { useCases } = product.curfew;
  const [bob, carol] = await Promise.all([callerOf(product, 'bob', 'U0BOB0001'), callerOf(product, 'carol', 'U0CAROL01')]);
  for (let each = 0; each < many; each++) {
    const submitted = await useCases.submitRequest(bob, {
      right: { service: 'pg', accessType: 'role', resource: each % 2 === 0 ? 'readonly' : 'readwrite', integration: undefined },
      reason: `number ${each}`,
      duration: parseDuration('1h'),
      to: undefined,
    });
    if (!submitted.ok) throw new Error(submitted.rejection.code);
    await useCases.decideRequest(carol, submitted.value.request.id, { kind: 'approve', duration: undefined, digest: undefined });
  }
}
const statesOf = async ({ curfew: { pool } }: RunningCurfew): Promise<Record<string, number>> => {
  const { rows } = await pool.query<{ state: string; n: number }>('select state, count(*)::int as n from grants group by 1');
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
};

/** How many were told by a message of their own, and by how many messages the others. */
async function toldOf(product: RunningCurfew, own: string, together: string) {
  const all = posted(product).filter(({ posting }) => posting === own || posting === together);
  const { rows } = await product.curfew.pool.query<{ n: number }>(
    'select count(*)::int as n from shared_notices where slot = $1 and leader is not null',
    [own],
  );
  const alone = all.filter(({ posting }) => posting === own).length;
  return { alone, summaries: all.length - alone, told: alone + must(rows[0]).n };
}

const faults: readonly Fault[] = [{ retryAfterSeconds: 1 }, { status: 500 }, { drop: true }, { lostReply: true }];

describe.each(['socket', 'http'] as const)('over %s', (transport) => {
  it('many ends are a few messages that agree with the database, whatever becomes of single calls', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    await giveMany(product);
    await expect.poll(() => statesOf(product), { timeout: 60_000 }).toEqual({ active: many });
    await expectAgreement(product, 150_000);
    const given = await toldOf(product, 'access', 'accesses');
    expect(given.told).toBe(many);
    expect(given.alone).toBeLessThanOrEqual(6);

    for (const fault of faults) for (const method of ['chat.postMessage', 'chat.update']) workspace.faults.next(method, fault);
    const shorter = await curfew.useCases.settings.setDuration(
      { ...(await callerOf(product, 'alice', 'U0ALICE01')), via: 'api' },
      'maxAccess',
      { time: 1, unit: 's' },
      'any',
    );
    expect(shorter.ok).toBe(true);
    await expect.poll(() => statesOf(product), { timeout: 60_000 }).toEqual({ ended: many });
    await expectAgreement(product, 150_000);
    const ended = await toldOf(product, 'ended', 'endings');
    expect(ended.told).toBe(many);
    expect(ended.alone).toBeLessThanOrEqual(5);
    expect(ended.summaries).toBe(1);
    const summary = await seen(
      workspace,
      () => workspace.as('bob').dm(),
      (message) => textOf(message).includes('have ended'),
    );
    expect(textOf(summary)).toContain('seen gone');
    expect(summary.text).toContain('have ended');
    expect(workspace.warnings).toEqual([]);
  }, 400_000);

  it('a copy leads to the message in the channel, whatever becomes of the call for its address', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    await curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'Platform', {
      name: 'Platform',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [{ type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' }],
    });
    for (const [index, fault] of [undefined, ...faults].entries()) {
      if (fault !== undefined) workspace.faults.next('chat.getPermalink', fault);
      await workspace.as('bob').command(`/access request pg role readonly --reason "look ${index}." --duration 10m`);
      const copy = await seen(
        workspace,
        () => workspace.as('carol').dm(),
        (message) => textOf(message).includes(`look ${index}.`) && textOf(message).includes('Open in the channel'),
      );
      const original = must(
        workspace
          .as('alice')
          .messages('approvals')
          .find((message) => textOf(message).includes(`look ${index}.`)),
      );
      expect(textOf(copy)).toContain(`#${original.channel}/${original.ts}`);
      expect(textOf(original)).not.toContain('Open in the channel');
      await expectAgreement(product);
    }
    expect(workspace.warnings).toEqual([]);
  }, 200_000);

  it('where Slack limits redrawing, posts go out and access is taken away all the same', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    await workspace.as('bob').command('/access request pg role readonly --reason "for a look" --duration 10m');
    const approval = await approvalOf(workspace, 'for a look');
    await expectAgreement(product);
    workspace.faults.every('chat.update', { retryAfterSeconds: 10 });
    await workspace.as('carol').press(approval, 'approve');
    await workspace.as('bob').press(await accessOf(workspace), 'relinquish');
    await expect.poll(() => statesOf(product), { timeout: 10_000 }).toEqual({ ended: 1 });
    await seen(
      workspace,
      () => workspace.as('bob').dm(),
      (message) => textOf(message).includes('has ended'),
    );
    expect(buttonsOf(approval)).toContain('approve');
    const tries = workspace.calls.filter(({ method }) => method === 'chat.update').length;
    workspace.faults.every('chat.update', undefined);
    await expectAgreement(product, 60_000);
    expect(buttonsOf(approval)).toEqual([]);
    // The method was left alone while it was limited, in every conversation.
    expect(tries).toBeLessThanOrEqual(4);
  }, 120_000);

  it('a lapse reaches whom was asked for, too', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    await workspace.as('bob').command('/access grant pg role readonly --to @dave --reason "on call" --duration 10m');
    await seen(
      workspace,
      () => workspace.as('alice').messages('approvals'),
      (message) => textOf(message).includes('on call'),
    );
    await curfew.pool.query(`update requests set created_at = created_at - interval '1 hour', approvable_until = now()`);
    const said = await seen(
      workspace,
      () => workspace.as('dave').dm(),
      (message) => textOf(message).includes('nobody decided'),
    );
    expect(textOf(said)).toContain(' for you, which ');
    await expectAgreement(product);
    expect(
      posted(product)
        .map(({ posting }) => posting)
        .toSorted(),
    ).toEqual(['approval', 'refused', 'refused@dave@example.com', 'request']);
    expect(workspace.warnings).toEqual([]);
  }, 120_000);
});
