import type { Claim } from '../../src/app/claims.ts';
import { type CallResult, callDeadlineMs, settle } from '../../src/domain/right.ts';
import { createStore } from '../../src/store/index.ts';
import type { World } from './world.ts';

/** `never`: the call gets lost on its way; `late`: it takes effect some time after. */
export type Claiming = { readonly lane: 'give' | 'take'; readonly lands: 'never' | 'at once' | 'late' };
/** What becomes of a worker that has called: it writes down what it saw, or that there was no answer, or it dies. */
export type Ending = 'answered' | 'lost' | 'dies';
export type SlowWorker = ReturnType<typeof createSlowWorker>;

type InHand = { readonly claim: Claim; readonly seen: 'absent' | 'present' | undefined };

/** A second worker on the same rows that stops where a worker can be stopped: anything may happen before it goes on. */
export function createSlowWorker({ db, pool, target }: World) {
  const store = createStore({ db, pool, removals: pool, gives: pool });
  let nowMs = 0;
  let late: { readonly claim: Claim; readonly until: number }[] = [];
  let hand: InHand[] = [];
  const keyOf = ({ target: right }: Claim): string => `${right.account}:${right.resource}`;
  const look = (claim: Claim) => (target.held.has(keyOf(claim)) ? 'present' : 'absent');
  const apply = (claim: Claim): void => {
    if (claim.desired === 'present') target.held.add(keyOf(claim));
    else target.held.delete(keyOf(claim));
  };
  const write = async (claim: Claim, result: CallResult): Promise<void> => {
    const settled = settle(claim.state, claim.desired, result, await store.now());
    await store.settle([{ claim, settled, result, sessionsEnded: 0 }]);
  };
  /** As every worker does: a look before the first call, and no call for what was there before us. */
  const mayCall = async (claim: Claim): Promise<boolean> => {
    if (claim.baseline === 'absent' || claim.desired === 'absent') return claim.baseline === 'absent';
    const seen = look(claim);
    return (await store.recordBaseline(claim, seen)) && seen === 'absent';
  };
  return {
    /** Time that passes for this worker and for calls on their way. */
    pass: (seconds: number) => void (nowMs += seconds * 1000),
    async claim({ lane, lands }: Claiming): Promise<void> {
      const [claim] = await store.claim(lane, 1);
      if (claim === undefined || !(await mayCall(claim))) return;
      if (lands === 'at once') apply(claim);
      if (lands === 'late') late.push({ claim, until: nowMs + callDeadlineMs });
      hand.push({ claim, seen: lands === 'at once' ? look(claim) : undefined });
    },
    async finish(how: Ending): Promise<void> {
      const [first, ...others] = hand;
      hand = others;
      if (first === undefined || how === 'dies') return;
      const { claim, seen } = first;
      if (how === 'answered' && seen !== undefined) await write(claim, { kind: 'observed', observed: seen });
      else await write(claim, { kind: 'lost', why: 'no answer' });
    },
    /** Everything on its way lands that still can. */
    async land(): Promise<void> {
      for (const { claim, until } of late) if (nowMs <= until) apply(claim);
      late = [];
    },
    /** Whatever it had in hand is given up. */
    die: () => void (hand = []),
  };
}
