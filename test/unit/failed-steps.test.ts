import { expect, it } from 'vitest';
import { endFailedSteps } from '../../src/app/steps.ts';
import type { Messenger } from '../../src/app/ports.ts';
import type { StepStore } from '../../src/app/steps-store.ts';
import { org } from '../support/world.ts';

/** Failed steps of which each is given out again half a minute after it was tried, and calls that take ten seconds. */
function workplace(names: readonly string[], endStep: () => Promise<void>) {
  let now = 0;
  const dueAt = new Map(names.map((name) => [name, 0]));
  const tried: string[] = [];
  const steps: Pick<StepStore, 'takeFailed' | 'keepTold'> = {
    takeFailed: async () => {
      const [execution] = [...dueAt].toSorted((one, other) => one[1] - other[1]).find(([, at]) => at <= now) ?? [];
      // One that never ends must not keep the test from failing.
      if (execution === undefined || tried.length > 40) return undefined;
      dueAt.set(execution, now + 30);
      return { execution, why: 'nobody was asked' };
    },
    keepTold: async (_org, execution) => void dueAt.delete(execution),
  };
  const messenger: Pick<Messenger, 'endStep'> = {
    endStep: async (execution) => {
      now += 10;
      tried.push(execution);
      await endStep();
    },
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const stopping = new AbortController();
  const deps = { store: { steps: steps as StepStore }, org, messenger: messenger as Messenger, log, stopping: stopping.signal };
  return { tried, stop: () => stopping.abort(), turn: () => endFailedSteps(deps), left: () => [...dueAt.keys()] };
}
const four = ['a', 'b', 'c', 'd'];

it('ends its turn while Slack hangs, so that a process can stop, and begins with another step the next time', async () => {
  const { tried, turn } = workplace(four, () => Promise.reject(new Error('Slack does not answer')));
  await turn();
  expect(tried).toEqual(['a']);
  for (let turns = 0; turns < 3; turns++) await turn();
  expect(tried).toEqual(four);
});

it('tells all of them in one turn where Slack answers', async () => {
  const { turn, left } = workplace(four, () => Promise.resolve());
  await turn();
  expect(left()).toEqual([]);
});

it('leaves the others to another process where its own is to stop', async () => {
  const place = workplace(four, async () => place.stop());
  await place.turn();
  expect(place.left()).toEqual(['b', 'c', 'd']);
});
