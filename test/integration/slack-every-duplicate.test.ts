import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { UseCases } from '../../src/app/use-cases.ts';
import { posting } from '../../src/domain/posting.ts';
import type { Delivery } from '../../src/sandbox/slack/delivery.ts';
import { listened } from '../../src/slack/listened.ts';
import { textOf } from '../support/journey.ts';
import { hour, must, someRequest } from '../support/http-app.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, type World } from '../support/world.ts';

/**
 * Whatever the app listens to, from its own list: delivered once more to the same process, and to another one, it is acknowledged
 * and nothing more is done. What each does the first time is shown by its own journey.
 */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Every door, nested or not; called with the names of the doors that are gone through. */
function watched<T extends object>(doors: T, path: string, seen: (door: string) => void): T {
  return new Proxy(doors, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      const here = `${path}${String(name)}`;
      // The memory of deliveries is how a repeat is known.
      if (here === 'deliveries') return value;
      if (typeof value === 'function')
        return (...given: unknown[]): unknown => {
          seen(here);
          return Reflect.apply(value, target, given);
        };
      return typeof value === 'object' && value !== null ? watched(value, `${here}.`, seen) : value;
    },
  });
}

/** `done`: the doors that were gone through, and what was said to Slack. */
type Process = { readonly running: RunningSlack; readonly done: () => readonly string[] };

async function start(mode: Mode): Promise<Process> {
  const doors: string[] = [];
  const useCases: UseCases = watched(world.useCases, '', (door) => doors.push(door));
  const running = await startSlackApp(mode, spread(useCases));
  const { workspace } = running.slack;
  const sentences = () =>
    workspace
      .as('carol')
      .ephemerals()
      .map((message) => textOf(message));
  const done = () => [...doors, ...workspace.calls.map(({ method }) => method), ...sentences()];
  return { running, done };
}
const spread = (useCases: UseCases): Partial<UseCases> =>
  Object.fromEntries(Object.keys(world.useCases).map((name) => [name, Reflect.get(useCases, name)]));

/** Until nothing was done any more for longer than what is said to one person has to wait for its turn. */
async function atRest({ done }: Process): Promise<readonly string[]> {
  let [before, since] = [done(), performance.now()];
  while (performance.now() - since < 1_500) {
    await sleep(50);
    if (done().length !== before.length) [before, since] = [done(), performance.now()];
  }
  return before;
}

function added(before: readonly string[], after: readonly string[]): readonly string[] {
  const left = [...before];
  return after.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

type Template = { readonly pressed: Delivery; readonly shortcut: Delivery };

/** One of each thing that the app listens to, as it looks when somebody does it. */
function everything(mode: Mode, { pressed, shortcut }: Template): readonly Delivery[] {
  const { user, team, api_app_id } = pressed.payload;
  const actions = listened.actions.map((action_id) => ({
    ...pressed.payload,
    actions: z
      .array(z.looseObject({}))
      .parse(pressed.payload['actions'])
      .map((action) => ({ ...action, action_id })),
  }));
  const views = listened.views.map((callback_id) => ({
    type: 'view_submission',
    user,
    team,
    api_app_id,
    view: { id: `V0${callback_id}`, type: 'modal', callback_id, private_metadata: '', state: { values: {} }, blocks: [], title: {} },
  }));
  const shortcuts = listened.shortcuts.map((callback_id) => ({ ...shortcut.payload, callback_id }));
  return [...actions, ...views, ...shortcuts].map((payload, nth) => ({
    type: 'interactive',
    payload: { ...payload, trigger_id: `${mode}.${nth}` },
  }));
}

it.each<Mode>(['socket', 'http'])(
  'is done once, over %s',
  async (mode) => {
    const [one, other] = [await start(mode), await start(mode)];
    await using _one = one.running;
    await using _other = other.running;
    const { workspace } = one.running.slack;
    const picture = { request: someRequest(), approvers: [], usage: undefined, secretWaits: false };
    const choice = { durations: [hour], digest: '0123456789abcdef' };
    await one.running.app.messenger.post(posting('approval'), { ...picture, choice }, undefined);
    await workspace.as('carol').press(must(workspace.as('carol').messages('approvals').at(-1)), 'approve');
    const pressed = must(workspace.sent.at(-1));
    await workspace.as('carol').shortcut('request_access');
    const deliveries = everything(mode, { pressed, shortcut: must(workspace.sent.at(-1)) });
    const deliver = async ({ running }: Process, nth: number) => {
      // Signed at another second, or the signature alone would tell a repeat.
      const tweaks = { timestampSeconds: Math.floor(Date.now() / 1000) + nth };
      const answers = [];
      for (const delivery of deliveries) answers.push(await running.slack.workspace.deliver(delivery, tweaks));
      return answers;
    };
    const before = await atRest(one);
    const first = await deliver(one, 0);
    expect(first.filter(({ kind }) => kind !== 'acked')).toEqual([]);
    const done = await atRest(one);
    expect(done.length - before.length).toBeGreaterThan(listened.views.length + listened.shortcuts.length);

    expect(await deliver(one, 20)).toEqual(first);
    expect(added(done, await atRest(one))).toEqual([]);

    const there = await atRest(other);
    expect((await deliver(other, 0)).filter(({ kind }) => kind !== 'acked')).toEqual([]);
    expect(added(there, await atRest(other))).toEqual([]);
  },
  60_000,
);
