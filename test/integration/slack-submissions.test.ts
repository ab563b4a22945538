import { describe, expect, it } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { posting } from '../../src/domain/posting.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { approved, hour, must, someRequest, start } from '../support/http-app.ts';
import { instant } from '../../src/domain/time.ts';
import { actionIds, blockIds } from '../../blocks/wire.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld } from '../support/world.ts';

// Whatever a submission meets, what somebody typed is not lost, and the window does not wait for ever.

const active = approved({ kind: 'active', grantedAt: start, expiresAt: instant(start + 3_600_000) });
const textOf = (value: unknown): string => JSON.stringify(value);
const wrong = reject({ code: 'invalid-value', field: 'reason', why: 'it says nothing' });

function held<T>() {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { promise, resolve };
}

/** Alice's open window in which a reason to deny is typed. */
async function denying(running: RunningSlack): Promise<View> {
  const { workspace } = running.slack;
  const picture = { request: someRequest(), approvers: [], usage: undefined, secretWaits: false };
  await running.app.messenger.post(
    posting('approval'),
    { ...picture, choice: { durations: [hour], digest: '0123456789abcdef' } },
    undefined,
  );
  const alice = workspace.as('alice');
  await alice.press(must(alice.messages('approvals').at(-1)), 'deny');
  return workspace.until(() => alice.views().find((view) => textOf(view.source).includes('Whoever asked reads it')));
}
/** Bob's open form that asks for access. */
async function openAsking({ slack: { workspace } }: RunningSlack) {
  const bob = workspace.as('bob');
  await bob.command('/access request');
  const form = await workspace.until(() => bob.views().find((view) => textOf(view.source).includes(actionIds.formDuration)), 10_000);
  return { bob, form };
}
const startDeciding = (mode: Mode, decideRequest: UseCases['decideRequest']) => startSlackApp(mode, { decideRequest });

describe.each<Mode>(['socket', 'http'])('a window that is submitted, over %s', (mode) => {
  it('stays with its fields where a fault is met', async () => {
    await using running = await startDeciding(mode, () => Promise.reject(new Error('no connection')));
    const window = await denying(running);
    const { errors } = await running.slack.workspace.as('alice').submit(window, { reason: 'not now' });
    expect(errors).toEqual({ reason: expect.stringMatching(/Something went wrong.*reference is [0-9a-f]{8}/) });
    expect(window.values['reason']).toMatchObject({ reason: { value: 'not now' } });
    expect(running.slack.workspace.warnings).toEqual([]);
  });

  it.each([
    ['is refused at a field', (): Promise<never> | Promise<typeof wrong> => Promise.resolve(wrong), 'it says nothing'],
    ['meets a fault', (): Promise<never> => Promise.reject(new Error('no connection')), 'the reference is'],
  ])('comes back with what was typed where it %s too late', async (_what, end, said) => {
    const gate = held<void>();
    await using running = await startDeciding(mode, async () => {
      await gate.promise;
      return end();
    });
    const { workspace } = running.slack;
    const window = await denying(running);
    await workspace.as('alice').submit(window, { reason: 'not <now> 🙂' });
    expect(textOf(window.source)).toContain('Loading');
    gate.resolve();
    await workspace.until(() => textOf(window.source).includes(said));
    expect(textOf(window.source)).toContain('"initial_value":"not <now> 🙂"');
    expect(window.source).toMatchObject({ callback_id: 'deny_request', submit: { text: 'Deny' } });
    expect(workspace.warnings).toEqual([]);
  });

  it('tells in private, and quotes what was typed, where it cannot be filled any more', async () => {
    const gate = held<typeof wrong>();
    await using running = await startDeciding(mode, () => gate.promise);
    const { workspace } = running.slack;
    const window = await denying(running);
    await workspace.as('alice').submit(window, { reason: 'not now' });
    workspace.faults.next('views.update', { error: 'internal_error' });
    gate.resolve(wrong);
    await workspace.until(() => textOf(workspace.as('alice').dm()).includes('it says nothing'));
    expect(textOf(workspace.as('alice').dm())).toContain('not now');
  });

  it('is answered before the home tab is drawn', async () => {
    const gate = held<never>();
    await using running = await startSlackApp(mode, { decideRequest: async () => accept(active), home: () => gate.promise });
    const { workspace } = running.slack;
    const window = await denying(running);
    await workspace.as('alice').submit(window, { reason: 'not now' });
    expect(textOf(window.source)).not.toContain('Loading');
    expect(textOf(window.source)).toContain('Active');
    gate.resolve(Promise.reject(new Error('the test is over')));
    await workspace.until(() => workspace.as('alice').home());
  });
});

describe('a submission that comes twice', () => {
  it('is answered as the first was, and carried out once', async () => {
    let times = 0;
    await using running = await startDeciding('socket', async () => {
      times++;
      return wrong;
    });
    const { workspace } = running.slack;
    const window = await denying(running);
    await workspace.as('alice').submit(window, { reason: 'not now' });
    const again = await workspace.deliver(must(workspace.sent.at(-1)));
    expect(again).toMatchObject({ kind: 'acked', body: { response_action: 'errors', errors: window.errors } });
    expect(times).toBe(1);
  });

  it('keeps its window where another process has the first', async () => {
    let claims = 0;
    await using running = await startSlackApp('socket', { deliveries: { claim: async () => claims++ < 1 } });
    const window = await denying(running);
    const { errors } = await running.slack.workspace.as('alice').submit(window, { reason: 'not now' });
    expect(errors).toEqual({ reason: expect.stringContaining('sent already') });
  });
});

describe.each<Mode>(['socket', 'http'])('a form that is drawn anew, over %s', (mode) => {
  it('is left alone where that fails, and the person is told in private', async () => {
    await using world = await createWorld();
    let isBroken = false;
    const { asking } = world.useCases;
    const broken: UseCases['asking'] = {
      ...asking,
      form: (...args) => (isBroken ? Promise.reject(new Error('no connection')) : asking.form(...args)),
    };
    await using running = await startSlackApp(mode, { ...world.useCases, asking: broken });
    const { workspace } = running.slack;
    const { bob, form } = await openAsking(running);
    const before = textOf(form.source);
    isBroken = true;
    await bob.choose(form, actionIds.formDuration, 'until');
    await workspace.until(() => textOf(bob.dm()).includes('the reference is'), 10_000);
    expect(textOf(form.source)).toBe(before);
  });

  it('comes back with everything that was chosen, where it is refused too late', async () => {
    await using world = await createWorld();
    const gate = held<void>();
    const { asking } = world.useCases;
    const asked: unknown[] = [];
    const refusing: UseCases['asking'] = {
      ...asking,
      submit: async (_caller, each) => {
        asked.push(each);
        await gate.promise;
        return wrong;
      },
    };
    await using running = await startSlackApp(mode, { ...world.useCases, asking: refusing });
    const { workspace } = running.slack;
    const { bob, form } = await openAsking(running);
    await bob.choose(form, actionIds.formResource, 'readonly');
    await bob.choose(form, actionIds.formDuration, 'until');
    await workspace.until(() => textOf(form.source).includes('Until when?'), 10_000);
    const until = Math.floor((await world.store.now()) / 1000) + 7_200;
    await bob.submit(form, { [blockIds.reason]: 'look at orders', [actionIds.formUntil]: String(until) });
    expect(textOf(form.source)).toContain('Loading');
    gate.resolve();
    await workspace.until(() => textOf(form.source).includes('it says nothing'));
    expect((await bob.submit(form)).errors).not.toEqual({});
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual(asked[0]);
    expect(asked[0]).toMatchObject({ resource: 'readonly', until: until * 1000, reason: 'look at orders' });
    expect(workspace.warnings).toEqual([]);
  });

  it('shows what was chosen last, where what was chosen before it reaches us later', async () => {
    await using world = await createWorld();
    const gate = held<boolean>();
    let claims = 0;
    const deliveries = { claim: () => (++claims === 2 ? gate.promise : Promise.resolve(true)) };
    await using running = await startSlackApp(mode, { ...world.useCases, deliveries });
    const { workspace } = running.slack;
    const { bob, form } = await openAsking(running);
    await bob.choose(form, actionIds.formResource, 'readonly');
    await bob.choose(form, actionIds.formDuration, 'until');
    gate.resolve(true);
    await workspace.until(() => textOf(form.source).includes('Until when?'), 10_000);
  });

  it('says of settings what holds for the last letter', async () => {
    await using world = await createWorld();
    const gates = [held<void>(), held<void>()];
    let calls = 0;
    const { settings } = world.useCases;
    const slow: UseCases['settings'] = {
      ...settings,
      foresee: async (...args) => {
        await gates[calls++]?.promise;
        return settings.foresee(...args);
      },
    };
    await using running = await startSlackApp(mode, { ...world.useCases, settings: slow });
    const { workspace } = running.slack;
    const alice = workspace.as('alice');
    await alice.openHome();
    await alice.press(await workspace.until(() => alice.home(), 10_000), actionIds.openSettings);
    const window = await workspace.until(() => alice.views().find((view) => textOf(view.source).includes('Longest access')), 10_000);
    const block = must(window.blocks.find(({ block_id: id }) => id.startsWith('maxAccess:'))).block_id;
    await alice.choose(window, actionIds.typedSetting, 'wrong', block);
    await expect.poll(() => calls).toBe(1);
    await alice.choose(window, actionIds.typedSetting, 'later', block);
    gates[0]?.resolve();
    await expect.poll(() => calls).toBe(2);
    gates[1]?.resolve();
    await workspace.until(() => textOf(window.source).includes('later\\" is not a duration'), 10_000);
    expect(textOf(window.source)).not.toContain('wrong\\" is not');
  });
});
