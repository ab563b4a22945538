/** Everything that can happen next. */
import type { CallResult } from '../../src/domain/right.ts';
import { callDeadlineMs } from '../../src/domain/right.ts';
import { approve, claim, endEarly, isClaimable, recordBaseline, repair, type Rules, writeBack } from './database.ts';
import { type Call, type Claimed, none, type State, tickMs } from './state.ts';

export type Bounds = { readonly grants: number; readonly workers: number; readonly faults: number; readonly ticks: number };
export type Step = { readonly name: string; readonly to: State };

export function firstState({ grants, workers, faults }: Bounds): State {
  return {
    now: 0,
    grants: Array.from({ length: grants }, () => ({ state: 'none' as const, end: none, provisionUntil: none })),
    row: {
      observed: 'absent',
      callStarted: none,
      quarantineUntilMs: none,
      attempts: 0,
      settledFor: 'absent',
      owner: none,
      leaseUntil: none,
      due: none,
      lane: 'give',
      baseline: undefined,
    },
    workers: Array.from({ length: workers }, () => undefined),
    strays: [],
    isPresent: false,
    isOthers: false,
    isWoken: false,
    faults,
  };
}

export function stepsFrom(state: State, rules: Rules, { ticks }: Bounds): readonly Step[] {
  const steps: Step[] = [];
  if (state.now < ticks) steps.push({ name: 'time passes', to: tick(state) });
  state.grants.forEach((grant, index) => {
    // In order: which grant is which makes no difference.
    const isNext = index === 0 || state.grants[index - 1]?.state !== 'none';
    if (grant.state === 'none' && isNext) steps.push({ name: `grant ${index} is approved`, to: approve(state, index) });
    if (grant.state === 'planned' || grant.state === 'active')
      steps.push({ name: `grant ${index} is ended early`, to: endEarly(state, index, grant) });
  });
  if (isUntouched(state)) steps.push({ name: 'somebody else gives it', to: { ...state, isPresent: true, isOthers: true } });
  // Once we have called it is ours as well, and it would be ours that they take.
  if (state.isOthers && state.row.baseline !== 'absent') steps.push({ name: 'somebody else takes it back', to: takeBack(state) });
  state.strays.forEach((call, index) => {
    if (!call.landed) steps.push({ name: 'a call that was given up lands', to: land(state, index, call) });
  });
  const idle = state.workers.findIndex((each) => each === undefined);
  state.workers.forEach((mine, who) => {
    if (mine !== undefined) steps.push(...stepsOf(state, who, mine, rules));
    // Of several that are idle one is as good as another.
    else if (who === idle && isClaimable(state, rules)) steps.push({ name: `worker ${who} claims`, to: claim(state, who, rules) });
  });
  // A queue may forget what it was told.
  if (!rules.sweep && state.isWoken && state.faults > 0)
    steps.push({ name: 'the queue loses its job', to: { ...state, isWoken: false, faults: state.faults - 1 } });
  return steps;
}

/** Before anything has happened: what somebody else gives later cannot be told from what we gave. */
const isUntouched = ({ now, grants, isPresent }: State): boolean =>
  now === 0 && !isPresent && grants.every(({ state }) => state === 'none');

/** Seen at once, where nobody is acting on it: how soon else is up to how often somebody looks. */
function takeBack(state: State): State {
  const gone = { ...state, isPresent: false, isOthers: false };
  return state.row.owner === none && state.row.observed === 'present' ? repair(gone) : gone;
}

function stepsOf(state: State, who: number, mine: Claimed, rules: Rules): readonly Step[] {
  const { call } = mine;
  const mayFail = state.faults > 0;
  const less = { ...state, faults: state.faults - 1 };
  const steps: Step[] = [];
  if (mayFail) steps.push({ name: `worker ${who} dies`, to: stray({ ...less, workers: less.workers.with(who, undefined) }, call) });
  if (call === undefined) return [...steps, { name: `worker ${who} acts`, to: act(state, who, mine, rules) }];
  const { read } = mine;
  // It may be stopped between its look and what it writes down.
  if (read !== undefined)
    return [...steps, { name: `worker ${who} writes down what it saw`, to: writeDown(state, who, mine, read, rules) }];
  const isLate = state.now > call.until;
  if (!call.landed && !isLate)
    steps.push({
      name: `the call of worker ${who} lands`,
      to: { ...state, isPresent: call.adds, workers: state.workers.with(who, { ...mine, call: { ...call, landed: true } }) },
    });
  if (call.landed && !isLate) steps.push({ name: `worker ${who} reads the target`, to: look(state, who, mine) });
  if (!call.landed && mayFail)
    for (const permanent of mine.desired === 'present' ? [false, true] : [false])
      steps.push({
        name: `the target refuses worker ${who}${permanent ? ' for good' : ''}`,
        to: writeBack(less, who, mine, { kind: 'refused', permanent, why: '' }, rules),
      });
  // Whoever waited for long enough has no choice.
  if (mayFail || isLate) {
    const to = writeBack(isLate ? state : less, who, mine, { kind: 'lost', why: '' }, rules);
    steps.push({ name: `the answer for worker ${who} is lost`, to: stray(to, call) });
  }
  return steps;
}

/** What a worker does with a claim, up to the call. */
export function act(state: State, who: number, mine: Claimed, rules: Rules): State {
  const seen = (observed: 'absent' | 'present', keepQuarantine = true, from = state): State =>
    writeBack(from, who, mine, { kind: 'observed', observed }, rules, keepQuarantine);
  const unsent = (): State => writeBack(state, who, mine, { kind: 'unsent', why: '' }, rules);
  if (mine.desired === 'absent') return mine.baseline === 'absent' ? send(state, who, mine, rules) : seen('absent', false);
  if (mine.baseline === 'absent') return send(state, who, mine, rules);
  if (rules.looks === 'once' && mine.baseline === 'present') return seen('present');
  const isPresent = state.isPresent && rules.looks !== 'never';
  const looked = recordBaseline({ ...state, isPresent }, who, mine);
  if (looked === undefined) return unsent();
  return isPresent ? seen('present', true, looked) : { ...looked, isPresent: state.isPresent };
}

function send(state: State, who: number, mine: Claimed, rules: Rules): State {
  if (!rules.maySend((state.now - mine.at) * tickMs)) {
    const why: CallResult = { kind: 'unsent', why: '' };
    return writeBack(state, who, mine, why, rules);
  }
  const call: Call = { adds: mine.desired === 'present', until: state.now + callDeadlineMs / tickMs, landed: false };
  return { ...state, workers: state.workers.with(who, { ...mine, call }) };
}

/** The read after the call tells what is there at that moment. */
export const look = (state: State, who: number, mine: Claimed): State => ({
  ...state,
  workers: state.workers.with(who, { ...mine, read: state.isPresent ? 'present' : 'absent' }),
});

export const writeDown = (state: State, who: number, mine: Claimed, observed: 'absent' | 'present', rules: Rules): State =>
  writeBack(state, who, mine, { kind: 'observed', observed }, rules);

/** Nobody waits for it any more; it may land all the same. */
const stray = (state: State, call: Call | undefined): State =>
  call === undefined || call.landed || call.until < state.now ? state : { ...state, strays: [...state.strays, call] };

export const land = (state: State, index: number, call: Call): State => ({
  ...state,
  isPresent: call.adds,
  strays: state.strays.toSpliced(index, 1),
});

/** What has not landed by its deadline never does. */
export function tick(state: State): State {
  const now = state.now + 1;
  return { ...state, now, strays: state.strays.filter(({ until }) => until >= now) };
}
