/** Tries every order of events from the start, breadth first, so that the way to a violation is a shortest one. */
import { isClaimable, claim, type Rules, wants } from './database.ts';
import { keyOf, none, type State } from './state.ts';
import { act, type Bounds, firstState, land, look, stepsFrom, tick, writeDown } from './steps.ts';

export type Violation = { readonly why: string; readonly way: readonly string[]; readonly state: State };
export type Explored = { readonly states: number; readonly violation: Violation | undefined };

/** ε of I1, in ticks: from here on without a fault, what nobody wants is gone by then. */
const graceTicks = 6;

type Visit = { readonly state: State; readonly name: string; readonly from: number };

export function explore(rules: Rules, bounds: Bounds): Explored {
  const visits: Visit[] = [{ state: firstState(bounds), name: 'start', from: none }];
  const known = new Set(visits.map(({ state }) => keyOf(state)));
  for (let index = 0; index < visits.length; index++) {
    const { state } = visits[index] ?? unreachable();
    const why = whatIsWrong(state, rules);
    if (why !== undefined) return { states: known.size, violation: { why, way: wayTo(visits, index), state } };
    for (const { name, to } of stepsFrom(state, rules, bounds)) {
      const key = keyOf(to);
      if (known.has(key)) continue;
      known.add(key);
      visits.push({ state: to, name, from: index });
    }
  }
  return { states: known.size, violation: undefined };
}

function wayTo(visits: readonly Visit[], index: number): readonly string[] {
  const way: string[] = [];
  for (let at = index; at !== none; at = visits[at]?.from ?? none) way.unshift(visits[at]?.name ?? '');
  return way;
}

/** Undefined: nothing. */
function whatIsWrong(state: State, rules: Rules): string | undefined {
  const { row, isPresent, isOthers, grants, strays, workers } = state;
  const seen = isPresent ? 'present' : 'absent';
  if (isOthers && !isPresent) return 'what was there before us is taken away';
  // What others gave is not believed to be gone where it says that nothing of ours is there.
  const isTrue = row.observed === 'absent' ? !isOurs(state) : isPresent;
  if (row.owner === none && row.observed !== 'unknown' && !isTrue) return `it is believed to be ${row.observed}, and is ${seen}`;
  if (row.due === none && row.owner === none && !isAsWanted(state, rules) && workers.every((each) => each === undefined))
    return `nobody looks at it again, and it is ${seen}`;
  // I18: told as ended, and none of the others could have brought it. What has failed is not told as gone.
  const isOver = grants.every(({ state: each }) => each === 'none' || each === 'ended');
  const mayComeBack = strays.some(({ adds }) => adds);
  if (isOver && grants.some(({ state: each }) => each === 'ended') && (isOurs(state) || mayComeBack) && row.owner === none)
    return isOurs(state) ? 'it is told as ended, and is there' : 'it is told as ended, and a call may still bring it back';
  return recovers(state, rules) ? undefined : 'it is not as it should be half a minute after the last fault';
}

/** What is right is told by the rules as they should be, whichever fault is planted. */
const truth = (rules: Rules): Rules => ({ ...rules, counting: true });

const isOurs = ({ isPresent, isOthers }: State): boolean => isPresent && !isOthers;

/** There while somebody may have it; else nothing of ours is. */
const isAsWanted = (state: State, rules: Rules): boolean =>
  wants(state.grants, state.now, truth(rules)) ? state.isPresent : !isOurs(state);

/** From here on nothing fails; only what was given up before may land as late as it can. */
function recovers(from: State, rules: Rules): boolean {
  let state = from;
  for (let ticks = 0; ticks <= graceTicks; ticks++) {
    state = work(state, rules);
    if (ticks < graceTicks) state = tick(landLast(state));
  }
  return isAsWanted(state, rules);
}

function landLast(state: State): State {
  const index = state.strays.findIndex(({ until }) => until === state.now);
  const stray = state.strays[index];
  return stray === undefined ? state : landLast(land(state, index, stray));
}

/** Workers do all that they can do at this moment. */
function work(from: State, rules: Rules): State {
  let state = from;
  for (let turns = 0; turns < 100; turns++) {
    const who = state.workers.findIndex((each) => each !== undefined || isClaimable(state, rules));
    if (who === -1) return state;
    const mine = state.workers[who];
    if (mine === undefined) state = claim(state, who, rules);
    else if (mine.call === undefined) state = act(state, who, mine, rules);
    else if (mine.read !== undefined) state = writeDown(state, who, mine, mine.read, rules);
    else if (mine.call.landed || state.now <= mine.call.until)
      state = look({ ...state, isPresent: mine.call.landed ? state.isPresent : mine.call.adds }, who, mine);
    else state = act(state, who, { ...mine, call: undefined }, { ...rules, maySend: () => false });
  }
  throw new Error('the workers do not come to rest');
}

function unreachable(): never {
  throw new Error('a visit that was counted is not there');
}
