import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accept, reject } from '../../src/domain/result.ts';
import { parseOrg } from '../../src/domain/ids.ts';
import { posting } from '../../src/domain/posting.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import type { Delivery } from '../../src/sandbox/slack/delivery.ts';
import { hour, must, someRequest } from '../support/http-app.ts';
import { type Mode, noHome, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const last = (running: RunningSlack): Delivery => must(running.slack.workspace.sent.at(-1));
const dropped = (running: RunningSlack): number => running.logged.filter(({ message }) => message.includes('came twice')).length;

describe.each<Mode>(['socket', 'http'])('a delivery that comes to another process as well, over %s', (mode) => {
  /** Two processes over one database; each counts what it carried out. */
  const both = async () => {
    const counts = [0, 0];
    const start = (at: number) => {
      const count = <T>(value: T) => {
        counts[at] = (counts[at] ?? 0) + 1;
        return value;
      };
      const useCases: Partial<UseCases> = {
        deliveries: world.store.deliveries,
        runCommand: async () => count(accept({ kind: 'help', text: 'carried out' })),
        decideRequest: async () => count(reject({ code: 'not-approver' })),
      };
      return startSlackApp(mode, useCases);
    };
    return { one: await start(0), other: await start(1), counts };
  };

  it('has one effect: a slash command', async () => {
    const { one, other, counts } = await both();
    await using _one = one;
    await using _other = other;
    await one.slack.workspace.as('bob').command('/access request pg role readonly');
    await expect.poll(() => counts).toEqual([1, 0]);
    expect(await other.slack.workspace.deliver(last(one))).toMatchObject({ kind: 'acked' });
    await expect.poll(() => dropped(other)).toBe(1);
    expect(counts).toEqual([1, 0]);
    await other.slack.workspace.as('bob').command('/access request pg role readonly');
    await expect.poll(() => counts).toEqual([1, 1]);
  });

  it('has one effect: a shortcut', async () => {
    const { one, other } = await both();
    await using _one = one;
    await using _other = other;
    await one.slack.workspace.as('bob').shortcut('request_access');
    expect(await other.slack.workspace.deliver(last(one))).toMatchObject({ kind: 'acked' });
    await expect.poll(() => dropped(other)).toBe(1);
    expect(other.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('has one effect: a button', async () => {
    const { one, other, counts } = await both();
    await using _one = one;
    await using _other = other;
    const request = someRequest();
    const picture = { request, choice: undefined, approvers: [], usage: undefined, secretWaits: false };
    await one.app.messenger.post(posting('approval'), { ...picture, choice: { durations: [hour], digest: '0123456789abcdef' } }, undefined);
    const message = must(one.slack.workspace.as('carol').messages('approvals').at(-1));
    await one.slack.workspace.as('carol').press(message, 'approve');
    const pressed = last(one);
    await expect.poll(() => counts).toEqual([1, 0]);
    expect(await other.slack.workspace.deliver(pressed)).toMatchObject({ kind: 'acked' });
    await expect.poll(() => dropped(other)).toBe(1);
    expect(counts).toEqual([1, 0]);
  });
});

describe.each<Mode>(['socket', 'http'])('a delivery that comes again and changes nothing, over %s', (mode) => {
  const start = () => startSlackApp(mode, world.useCases);
  /** To the same process twice, and to another. */
  const again = async (one: RunningSlack, other: RunningSlack) => {
    const delivery = last(one);
    const later = (seconds: number) => ({ timestampSeconds: Math.floor(Date.now() / 1000) + seconds });
    return [
      await one.slack.workspace.deliver(delivery, later(10)),
      await one.slack.workspace.deliver(delivery, later(20)),
      await other.slack.workspace.deliver(delivery),
    ];
  };
  const complaints = (...all: RunningSlack[]) => all.flatMap(({ logged }) => logged.filter(({ level }) => level === 'error'));

  it('is answered each time as at first: what somebody types in a list', async () => {
    await using one = await start();
    await using other = await start();
    const { workspace } = one.slack;
    const bob = workspace.as('bob');
    await bob.command('/access');
    const form = await workspace.until(() => bob.views().find(({ blocks }) => JSON.stringify(blocks).includes('form_resource')));
    const options = await bob.options(form, 'form_resource', '');
    expect(options).toMatchObject({ options: [{ value: 'readonly' }, { value: 'readwrite' }] });
    const { ok, ...body } = options;
    expect(ok).toBe(true);
    expect(await again(one, other)).toEqual(Array.from({ length: 3 }, () => ({ kind: 'acked', body })));
    expect(complaints(one, other)).toEqual([]);
  });

  it('leaves a home tab as it is', async () => {
    await using one = await start();
    await using other = await start();
    const draws = ({ slack: { workspace } }: RunningSlack) => workspace.calls.filter(({ method }) => method === 'views.publish').length;
    const bob = one.slack.workspace.as('bob');
    await bob.openHome();
    const home = await one.slack.workspace.until(() => bob.home());
    expect((await again(one, other)).map(({ kind }) => kind)).toEqual(['acked', 'acked', 'acked']);
    await expect.poll(() => draws(other)).toBe(1);
    expect(draws(one)).toBe(1);
    expect(bob.home()?.source).toEqual(home.source);
    expect(other.slack.workspace.as('bob').home()?.source).toEqual(home.source);
    expect(complaints(one, other)).toEqual([]);
  });

  it('looks at an account again', async () => {
    await using one = await start();
    await using other = await start();
    const bob = one.slack.workspace.as('bob');
    await one.slack.workspace.changePerson('bob', {});
    expect((await again(one, other)).map(({ kind }) => kind)).toEqual(['acked', 'acked', 'acked']);
    expect(await world.store.accountChanges.mark(org, bob.id)).toBeDefined();
    await bob.command('/access status');
    await one.slack.workspace.until(() => JSON.stringify(bob.ephemerals()).includes('no requests'));
    expect(complaints(one, other)).toEqual([]);
  });
});

describe.each<Mode>(['socket', 'http'])('a delivery that comes to the same process again, over %s', (mode) => {
  it.each<[string, (running: RunningSlack) => Promise<unknown>]>([
    ['a home tab that is opened', ({ slack }) => slack.workspace.as('bob').openHome()],
    [
      'a step of a workflow',
      ({ slack: { workspace } }) =>
        workspace.runStep('request_access_step', { requester: workspace.as('bob').id, resource: 'pg role readonly' }),
    ],
    ['a command', ({ slack }) => slack.workspace.as('bob').command('/access status')],
  ])('has one effect, and is acknowledged: %s', async (_what, act) => {
    let done = 0;
    const count = <T>(value: T): T => {
      done += 1;
      return value;
    };
    await using running = await startSlackApp(mode, {
      home: async () => count(noHome),
      steps: { begin: async () => count(accept(undefined)), fail: async () => undefined },
      runCommand: async () => count(accept({ kind: 'help', text: 'carried out' })),
    });
    await act(running);
    await expect.poll(() => done).toBe(1);
    const { workspace } = running.slack;
    // Over HTTP the same bytes in the same second are no delivery of Slack's.
    for (const attempt of [1, 2])
      expect(
        await workspace.deliver(last(running), {
          retry: { attempt, reason: 'http_timeout' },
          timestampSeconds: Math.floor(Date.now() / 1000) + 10 * attempt,
        }),
      ).toMatchObject({ kind: 'acked' });
    await expect.poll(() => dropped(running)).toBe(2);
    expect(done).toBe(1);
  });
});

describe('where the database does not say whether a delivery came before', () => {
  it.each<[string, () => Promise<boolean>]>([
    ['it fails', () => Promise.reject(new Error('no connection'))],
    ['it hangs', () => new Promise(() => {})],
  ])('the delivery is carried out (%s)', async (_how, claim) => {
    await using running = await startSlackApp('socket', {
      deliveries: { claim },
      runCommand: async () => accept({ kind: 'help', text: 'carried out' }),
    });
    const { workspace } = running.slack;
    await workspace.as('bob').command('/access status');
    await workspace.until(() => JSON.stringify(workspace.as('bob').ephemerals()).includes('carried out'));
  });
});

describe('what is kept of deliveries', () => {
  it('is an hour of each organisation’s own', async () => {
    const { deliveries } = world.store;
    const key = Buffer.alloc(32, 7);
    const races = await Promise.all(Array.from({ length: 8 }, () => deliveries.claim(org, key)));
    expect(races.filter(Boolean)).toHaveLength(1);
    expect(await deliveries.claim(must(parseOrg('another')), key)).toBe(true);
    expect(await deliveries.forget(10)).toBe(0);
    await world.pool.query(`update deliveries set came_at = came_at - interval '61 minutes' where key = $1`, [key]);
    await world.work.forget();
    expect(await deliveries.claim(org, key)).toBe(true);
  });
});
