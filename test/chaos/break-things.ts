/** What happens to Curfew's surroundings while its processes die. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../src/sandbox/slack/faults.ts';
import type { Trouble, TroubleKind } from './excuses.ts';
import type { Place } from './place.ts';
import type { Chance } from './random.ts';

const directions = ['there', 'back', 'both'] as const;
const slackFaults: readonly [Fault, ...Fault[]] = [
  { status: 500 },
  { retryAfterSeconds: 1 },
  { drop: true },
  { lostReply: true },
  { status: 503 },
];
const slackMethods = ['chat.postMessage', 'chat.update', 'conversations.open', 'users.lookupByEmail', 'users.info', '*'] as const;

/** One thing after another until it is stopped; then everything is whole again. */
export function breakThings({ place, chance, troubles }: { place: Place; chance: Chance; troubles: Trouble[] }): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const during = async (kind: TroubleKind, what: string, work: () => Promise<void>): Promise<void> => {
    const trouble = { from: Date.now(), to: Number.POSITIVE_INFINITY, kind, what };
    troubles.push(trouble);
    try {
      await work();
    } finally {
      trouble.to = Date.now();
    }
  };
  const cut = (name: keyof Place['links']) => async (): Promise<void> => {
    const direction = chance.pick(directions);
    await during(name, `${name} cut (${direction})`, async () => {
      place.links[name].cut(direction);
      await sleep(chance.whole(300, 3_000));
      place.links[name].mend();
    });
  };
  const acts: readonly [() => Promise<void>, ...(() => Promise<void>)[]] = [
    cut('database'),
    cut('target'),
    cut('redis'),
    () => during('database', 'database lost', () => place.loseDatabase(chance.whole(100, 2_000))),
    () => during('target', 'target lost', () => place.loseTarget(chance.whole(100, 2_000))),
    () => during('redis', 'redis lost', () => place.loseRedis(chance.whole(0, 1_500))),
    () => during('redis', 'redis flushed', () => place.flushRedis()),
    // Slack holds up no removal, so it is no trouble by which a removal may be late.
    async () => {
      const method = chance.pick(slackMethods);
      place.slack.workspace.faults.every(method, chance.pick(slackFaults));
      await sleep(chance.whole(500, 4_000));
      place.slack.workspace.faults.every(method, undefined);
    },
  ];
  const goOn = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // Who cannot start at all does not die at a point either.
      await sleep(chance.whole(2_000, 9_000), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await chance.pick(acts)();
    }
  };
  const going = goOn();
  return {
    async stop() {
      stopping.abort();
      await going;
    },
  };
}
