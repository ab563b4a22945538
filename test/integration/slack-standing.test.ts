import { describe, expect, it } from 'vitest';
import { actionIds } from '../../blocks/wire.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Hands } from '../../src/sandbox/slack/driver.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { must } from '../support/http-app.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, org, type World } from '../support/world.ts';

const textOf = (view: View): string => JSON.stringify(view.source);
const buttonsOf = (view: View): string[] => elementsOf(view.blocks).map(({ element }) => element.action_id);

/** Whom the boxes are about. */
const boxesOf = (view: View): string[] =>
  elementsOf(view.blocks).flatMap(({ element }) =>
    element.action_id === actionIds.standingChosen ? (/[a-z0-9]+@example.com/.exec(JSON.stringify(element['options'])) ?? []) : [],
  );

function expectNoComplaints({ slack, logged }: RunningSlack): void {
  expect(slack.workspace.warnings).toEqual([]);
  expect(slack.workspace.calls.filter(({ answer }) => answer['ok'] !== true)).toEqual([]);
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
}

const persistent: Policy = {
  name: 'readonly for everybody',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type: 'persistent' }],
};

/** These have standing access for a day, of which an hour is left; erin got hers just now. */
async function standingWorld(names: readonly string[]): Promise<World> {
  const world = await createWorld();
  await world.store.transaction(async (tx) => {
    await tx.policyBook.lock(org);
    await tx.policyBook.change({ kind: 'system' }, org, [{ name: persistent.name, policy: persistent }], false);
  });
  const ask = async (name: string) => {
    const result = await world.useCases.runCommand(await world.caller(name), ['request', 'pg', 'role', 'readonly'], '/access');
    expect(result).toMatchObject({ ok: true, value: { isPersistent: true } });
  };
  for (const name of names) await ask(name);
  await world.reconcile();
  await world.passTime('23 hours');
  await ask('erin');
  await world.reconcile();
  return world;
}

async function openReview(running: RunningSlack, hands: Hands): Promise<View> {
  const { workspace } = running.slack;
  await hands.openHome();
  await workspace.until(() => hands.home() !== undefined && buttonsOf(must(hands.home())).includes(actionIds.openStanding), 10_000);
  await hands.press(must(hands.home()), actionIds.openStanding);
  return workspace.until(() => hands.views().find((view) => textOf(view).includes('Left alone')), 10_000);
}

/** Ticks the boxes of these people in the window. */
async function tick(hands: Hands, view: View, ...emails: readonly string[]): Promise<void> {
  const boxes = elementsOf(view.blocks).filter(({ element }) => element.action_id === actionIds.standingChosen);
  const ticked = boxes.filter(({ element }) => emails.some((email) => JSON.stringify(element['options']).includes(email)));
  expect(ticked).toHaveLength(emails.length);
  for (const { block, element } of ticked) {
    const blockId = must(block.block_id);
    const chosen = { type: 'checkboxes', selected_options: element['options'] };
    await hands.press(view, actionIds.standingChosen, { blockId, state: { [blockId]: { [actionIds.standingChosen]: chosen } } });
  }
}

describe.each<Mode>(['socket', 'http'])('reviews of standing access by %s', (mode) => {
  it('lists what nears its end, and takes away what was ticked, for each as a decision of its own', async () => {
    await using world = await standingWorld(['bob', 'dave', 'frank']);
    await using running = await startSlackApp(mode, world.useCases);
    const { workspace } = running.slack;
    const alice = workspace.as('alice');
    const view = await openReview(running, alice);
    expect(textOf(must(alice.home()))).toContain('Review standing access (3)');
    expect(textOf(view)).toContain('frank@example.com');
    expect(textOf(view)).not.toContain('erin@example.com');

    await alice.press(view, actionIds.endStanding);
    await workspace.until(() => textOf(view).includes('Nothing was ticked'), 10_000);
    await tick(alice, view, 'bob@example.com', 'frank@example.com');
    await alice.press(view, actionIds.endStanding);
    await workspace.until(() => textOf(view).split(': being taken away').length === 3, 10_000);
    expect(boxesOf(view)).toEqual(['dave@example.com']);
    await workspace.until(() => textOf(must(alice.home())).includes('Review standing access (1)'), 10_000);
    await world.reconcile();
    expect([...world.target.held]).toEqual(['dave:readonly', 'erin:readonly']);
    expect(world.target.held).not.toContain('bob:readonly');
    const revoked = (await world.audit()).filter(({ action }) => action === 'grant.revoked');
    expect(revoked).toMatchObject([{ actor: { email: 'alice@example.com' } }, { actor: { email: 'alice@example.com' } }]);

    // What was left alone ends at its time, and is asked for anew; then the policies decide again.
    await world.passTime('2 hours');
    await world.reconcile();
    expect(world.target.held).not.toContain('dave:readonly');
    const again = await world.useCases.runCommand(await world.caller('dave'), ['request', 'pg', 'role', 'readonly'], '/access');
    expect(again).toMatchObject({ ok: true, value: { isPersistent: true, isPreexisting: false } });
    expectNoComplaints(running);
  });

  it('keeps what was ticked for another term, each row as a decision of its own, and names every row once', async () => {
    await using world = await standingWorld(['alice', 'bob', 'dave', 'frank']);
    await using running = await startSlackApp(mode, world.useCases);
    const { workspace } = running.slack;
    const alice = workspace.as('alice');
    const view = await openReview(running, alice);
    for (const name of ['alice', 'bob', 'dave', 'frank']) expect(textOf(view).split(`${name}@example.com`)).toHaveLength(2);

    await alice.press(view, actionIds.keepStanding);
    await workspace.until(() => textOf(view).includes('Nothing was ticked'), 10_000);
    // Her own is not hers to keep; bob's is, and so is dave's.
    await tick(alice, view, 'alice@example.com', 'bob@example.com', 'dave@example.com');
    await alice.press(view, actionIds.keepStanding);
    await workspace.until(() => textOf(view).split('kept until').length === 3, 10_000);
    expect(textOf(view)).toContain('You cannot decide a request that gives access to you');
    expect(boxesOf(view).toSorted()).toEqual(['alice@example.com', 'frank@example.com']);
    await workspace.until(() => textOf(must(alice.home())).includes('Review standing access (2)'), 10_000);
    await world.reconcile();
    await world.passTime('2 hours');
    await world.reconcile();
    expect([...world.target.held].toSorted()).toEqual(['bob:readonly', 'dave:readonly', 'erin:readonly']);
    // Each ends a day after it was kept.
    await world.passTime('22 hours');
    await world.reconcile();
    expect([...world.target.held]).toEqual([]);
    expectNoComplaints(running);
  });

  it('turns its pages, ten people each', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `p${String(index).padStart(2, '0')}`);
    await using world = await standingWorld(names);
    await using running = await startSlackApp(mode, world.useCases);
    const { workspace } = running.slack;
    const alice = workspace.as('alice');
    const view = await openReview(running, alice);
    const shown = () => names.filter((name) => boxesOf(view).includes(`${name}@example.com`));
    const first = shown();
    expect(first).toHaveLength(10);
    await alice.press(view, actionIds.standingNext);
    await workspace.until(() => textOf(view).includes('To the first'), 10_000);
    const second = shown();
    expect([...first, ...second].toSorted()).toEqual(names);
    await tick(alice, view, ...second.map((name) => `${name}@example.com`));
    await alice.press(view, actionIds.endStanding);
    // Nothing is left of that page: the first one is shown.
    await workspace.until(() => textOf(view).split(': being taken away').length === 3 && !textOf(view).includes('To the first'), 10_000);
    expect(shown()).toEqual(first);
    expectNoComplaints(running);
  });

  it('is for owners and reviewers', async () => {
    await using world = await standingWorld(['bob', 'dave']);
    await using running = await startSlackApp(mode, world.useCases);
    const { workspace } = running.slack;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    await bob.openHome();
    await workspace.until(() => bob.home(), 10_000);
    expect(buttonsOf(must(bob.home()))).not.toContain(actionIds.openStanding);
    expect(await world.useCases.standingReview.page(await world.caller('bob'), undefined, 10)).toMatchObject({
      ok: false,
      rejection: { code: 'role-required' },
    });

    // Whoever loses the role while the window is open is refused, and nothing is taken away.
    const view = await openReview(running, alice);
    await tick(alice, view, 'bob@example.com');
    await world.pool.query(`delete from role_bindings where canonical = 'alice@example.com'`);
    await alice.press(view, actionIds.endStanding);
    await workspace.until(() => !textOf(view).includes('Left alone'), 10_000);
    await world.reconcile();
    expect(world.target.held).toContain('bob:readonly');
    expect((await world.audit()).filter(({ action }) => action === 'refused').map(({ data }) => data['attempt'])).toEqual([
      'standing-access.review',
      'standing-access.review',
    ]);
    expectNoComplaints(running);
  });
});
