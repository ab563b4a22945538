import { expect, it } from 'vitest';
import { callerOf, expectAgreement } from '../support/agreement.ts';
import { must } from '../support/http-app.ts';
import { accessOf, buttonsOf, expectNoComplaints, logIn, seen, showPassword, textOf, told } from '../support/journey.ts';
import { startPagerDuty, token } from '../support/pagerduty.ts';
import { startCurfew } from '../support/running-curfew.ts';

const routingKey = 'd'.repeat(32);

it.each(['socket', 'http'] as const)(
  'gives access at once to whoever is on call, and pages them for those who are not, over %s',
  async (transport) => {
    await using pagerDuty = await startPagerDuty({ isSecure: true });
    pagerDuty.services.set('PDB', 'E1');
    pagerDuty.shifts.push({ policy: 'E1', level: 1, email: 'bob@example.com' });
    pagerDuty.routingKeys.add(routingKey);
    const configured = { token, routingKeys: { PDB: routingKey }, url: pagerDuty.url, eventsUrl: pagerDuty.url };
    await using product = await startCurfew({ transport, also: `onCall: ${JSON.stringify({ pagerduty: configured })}\n` });
    const { workspace, curfew } = product;
    const [bob, dave] = [workspace.as('bob'), workspace.as('dave')];
    const created = await curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'shifts', {
      name: 'shifts',
      requestor: { type: 'any' },
      resource: { type: 'any' },
      approval: [
        { type: 'auto', integration: 'pagerduty' },
        { type: 'escalation', integration: 'pagerduty', services: ['PDB'] },
      ],
    });
    expect(created.ok).toBe(true);

    await bob.command('/access request pg role readonly --reason "woken up" --duration 4h');
    const access = await accessOf(workspace, 'bob');
    const { client, orders } = await logIn(await showPassword(workspace, access));
    expect(orders).toBe(48);
    await client.end();
    const { rows } = await curfew.pool.query('select seconds::int from grants');
    expect(rows).toEqual([{ seconds: 3600 }]);
    expect(pagerDuty.pages).toEqual([]);

    await dave.command('/access request pg role readonly --reason "the shop is slow" --duration 10m');
    const mine = await seen(
      workspace,
      () => dave.dm(),
      (message) => buttonsOf(message).includes('escalate'),
    );
    expect(dave.dm().flatMap(buttonsOf)).not.toContain('relinquish');
    await dave.press(mine, 'escalate');
    // Paged by its own wire, with what they need to know.
    await expect.poll(() => pagerDuty.pages.length, { timeout: 10_000 }).toBe(1);
    const pending = await curfew.pool.query<{ id: string }>(`select id from requests where state = 'pending'`);
    const page = must(pagerDuty.pages[0]);
    expect([page.routing_key, page.dedup_key]).toEqual([routingKey, must(pending.rows[0]).id]);
    expect(JSON.stringify(page.payload)).toContain('the shop is slow');
    const asked = await seen(
      workspace,
      () => bob.messages('approvals'),
      (message) => textOf(message).includes('Escalated') && buttonsOf(message).includes('approve'),
    );
    await expectAgreement(product);
    expect(textOf(asked)).toContain('the shop is slow');
    expect(buttonsOf(mine)).not.toContain('escalate');

    // Neither an owner nor a reviewer decides here: the policy names only whoever is on call.
    await workspace.as('alice').press(asked, 'approve');
    await told(workspace, workspace.as('alice'), 'You may not decide this request');
    await bob.press(asked, 'approve');
    await accessOf(workspace, 'dave');
    await expectAgreement(product);
    expect(pagerDuty.pages).toHaveLength(1);
    expectNoComplaints(product);
  },
  120_000,
);
