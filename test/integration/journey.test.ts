import { describe, expect, it } from 'vitest';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import {
  accessOf,
  approvalOf,
  buttonsOf,
  command,
  decisions,
  expectNoComplaints,
  fencesOf,
  logIn,
  loginProblem,
  pressStale,
  refusals,
  seen,
  showPassword,
  textOf,
  told,
  windowWith,
} from '../support/journey.ts';
import { testRedis } from '../support/redis.ts';
import { startCurfew } from '../support/running-curfew.ts';

const places = [
  { transport: 'socket', queue: 'Postgres' },
  { transport: 'socket', queue: 'Redis' },
  { transport: 'http', queue: 'Postgres' },
  { transport: 'http', queue: 'Redis' },
] as const;

describe.each(places)('over Slack by $transport with the queue on $queue', ({ transport, queue }) => {
  it('goes from a slash command to a right, and from Relinquish to none', async () => {
    await using redis = queue === 'Redis' ? await testRedis(14) : undefined;
    await using product = await startCurfew({ transport, ...(redis === undefined ? {} : { redisUrl: redis.url }) });
    const { workspace } = product;
    const [alice, bob, carol, dave] = [workspace.as('alice'), workspace.as('bob'), workspace.as('carol'), workspace.as('dave')];

    await bob.command(command);
    await told(workspace, bob, 'Request made');
    const approval = await approvalOf(workspace, 'look at orders');
    const asked = approval.blocks;
    expect(buttonsOf(approval)).toEqual(['approve', 'deny', 'ask_more']);
    const dropdown = elementsOf(asked).find(({ element }) => element.action_id === 'duration')?.element;
    expect(dropdown?.['initial_option']).toMatchObject({ value: '60', text: { text: '1 minute (as asked)' } });
    expect(JSON.stringify(dropdown?.['options'])).toContain('5 minutes');

    const before = await decisions(product);
    await dave.press(approval, 'approve');
    await told(workspace, dave, 'You may not decide this request.');
    await bob.press(approval, 'approve');
    await told(workspace, bob, 'You cannot decide a request that gives access to you');
    expect(await decisions(product)).toBe(before);
    expect(buttonsOf(approval)).toEqual(['approve', 'deny', 'ask_more']);

    await alice.choose(approval, 'duration', '300');
    await alice.press(approval, 'approve');
    await workspace.until(() => textOf(approval).includes('Active'), 10_000);
    expect(buttonsOf(approval)).toEqual(['revoke']);
    expect(textOf(approval)).toContain('alice@example.com');
    expect(textOf(approval)).toContain('5 minutes');

    const access = await accessOf(workspace);
    const withPassword = access.blocks;
    expect(fencesOf(access.blocks)).toEqual([expect.stringContaining(`-U ${product.account('bob')} `)]);
    const connection = await showPassword(workspace, access);
    expect(connection.usage).toBe(fencesOf(access.blocks)[0]);
    await workspace.until(() => !buttonsOf(access).includes('show_secret'), 10_000);
    await pressStale(bob, access, withPassword, 'show_secret');
    await bob.close(await windowWith(workspace, bob, 'no password left to show'));
    const everything = JSON.stringify([[...workspace.state.channels.values()].map(({ messages }) => messages), product.logged]);
    expect(everything).not.toContain(connection.password);

    const session = await logIn(connection);
    expect(session.orders).toBe(48);
    await pressStale(carol, approval, asked, 'approve');
    await told(workspace, carol, 'alice@example.com was faster');

    await bob.press(access, 'relinquish');
    await session.cut;
    await expect.poll(() => loginProblem(connection), { timeout: 10_000 }).toSatisfy((code) => refusals.includes(code));
    await seen(
      workspace,
      () => bob.dm(),
      (message) => textOf(message).includes('has ended'),
    );
    const left = () => [...alice.messages('approvals'), ...bob.dm()].flatMap(buttonsOf);
    await workspace.until(() => left().every((each) => each === 'receipt') && textOf(approval).includes('given back by'), 10_000);
    expectNoComplaints(product);
  });
});
