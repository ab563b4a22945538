import { expect } from 'vitest';
import type { Claim, Transaction } from '../../src/app/store.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { parseGrantId } from '../../src/domain/ids.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { type CallResult, settle } from '../../src/domain/right.ts';
import { type Instant, instant } from '../../src/domain/time.ts';
import { claimRights, recordBaseline as recordInTables, settleRights } from '../../src/store/rights.ts';
import { approve, claim, endEarly, isClaimable, lengths, recordBaseline, writeBack } from '../model/database.ts';
import { ours } from '../model/faults.ts';
import { none, type State, tickMs } from '../model/state.ts';
import { tick } from '../model/steps.ts';
import { type Anchor, lengthenLeases, numberOf, processOf, readRows, requestId, type Rows, workerName } from './model-rows.ts';
import { org, type World } from './world.ts';

/** What the call for one of the claimed rights comes to. */
export type Outcome = Exclude<CallResult, { kind: 'observed' }> | { readonly kind: 'observed'; readonly isWanted: boolean };
export type Step =
  | { readonly kind: 'time'; readonly ticks: number }
  | { readonly kind: 'claim' }
  /** By one of those that have claimed something. */
  | { readonly kind: 'look'; readonly worker: number; readonly seen: 'absent' | 'present' }
  | { readonly kind: 'settle'; readonly worker: number; readonly outcomes: readonly Outcome[]; readonly keepQuarantine: boolean }
  /** One of those that it can be done to. */
  | { readonly kind: 'approve' | 'end'; readonly pick: number };

const actor = { kind: 'system' } as const;
const opposite = { absent: 'present', present: 'absent' } as const;
const byProcess = ({ row: { owner, ...row }, grants }: State): Rows => ({
  row: { ...row, owner: owner === none ? none : processOf(owner) },
  grants,
});
const picked = <T>(all: readonly T[], pick: number): T | undefined => all[pick % Math.max(all.length, 1)];

/** The same steps, done to the model and to the tables, which begin with the same rights. */
export function createPair(world: World, first: readonly State[], begun: Anchor) {
  const { pool, store } = world;
  let states = first;
  let anchor = begun;
  let last = 0;
  /** What each worker has in hand. */
  const hands = new Map<number, readonly Claim[]>();
  /** What the product's functions returned, and what the model's did. */
  const answers = { tables: [] as unknown[], model: [] as unknown[] };

  const stateAt = (at: number): State => states[at] ?? expect.unreachable();
  const change = (at: number, to: (state: State) => State): void => void (states = states.with(at, to(stateAt(at))));
  const mineOf = (who: number, at: number) => stateAt(at).workers[who] ?? expect.unreachable();

  async function takeTime(ticks: number): Promise<void> {
    for (let passed = 0; passed < ticks; passed++) states = states.map(tick);
    await world.passTime(`${ticks * tickMs} milliseconds`);
    anchor = { ...anchor, tick: anchor.tick + ticks };
    // Rows are moved, and not the clock; what was read of them is moved with them.
    const sooner = (at: Instant): Instant => instant(at - ticks * tickMs);
    const moved = (each: Claim): Claim => {
      const { callStarted, quarantineUntil } = each.state;
      const state = { ...each.state, callStarted: sooner(callStarted), quarantineUntil: quarantineUntil && sooner(quarantineUntil) };
      return { ...each, state };
    };
    for (const [who, claims] of hands) hands.set(who, claims.map(moved));
  }

  async function claimDue(): Promise<void> {
    const who = ++last;
    const claims: Claim[] = [];
    for (const lane of ['take', 'give'] as const) {
      const due = await claimRights(pool, workerName(who), lane, states.length, undefined);
      claims.push(...due);
      const inOrder = due.toSorted((a, b) => numberOf(a.rightId) - numberOf(b.rightId));
      answers.tables.push(
        inOrder.map(({ rightId, desired, baseline, state }) => [numberOf(rightId), lane, desired, baseline, state.attempts]),
      );
    }
    await pool.query(lengthenLeases, [claims.map(({ rightId }) => rightId)]);
    if (claims.length > 0) hands.set(who, claims);
    states = states.map((state) => (isClaimable(state, ours) ? claim(state, who, ours) : state));
    for (const lane of ['take', 'give'] as const)
      answers.model.push(
        states.flatMap(({ row, workers }, at) => {
          const mine = workers[who];
          return mine === undefined || row.lane !== lane ? [] : [[at, lane, mine.desired, mine.baseline, mine.attempts]];
        }),
      );
  }

  async function look(who: number, claims: readonly Claim[], seen: 'absent' | 'present'): Promise<void> {
    for (const each of claims) {
      const at = numberOf(each.rightId);
      answers.tables.push(await recordInTables(pool, workerName(who), each, seen));
      const looked = recordBaseline({ ...stateAt(at), isPresent: seen === 'present' }, who, mineOf(who, at));
      answers.model.push(looked !== undefined);
      change(at, (state) => (looked === undefined ? state : { ...looked, isPresent: state.isPresent }));
    }
  }

  async function settleAll(who: number, claims: readonly Claim[], outcomes: readonly Outcome[], keepQuarantine: boolean): Promise<void> {
    const now = await store.now();
    const settlements = claims.map((each, index) => {
      const outcome = outcomes[index] ?? expect.unreachable();
      const { desired } = each;
      const result: CallResult =
        outcome.kind === 'observed' ? { kind: 'observed', observed: outcome.isWanted ? desired : opposite[desired] } : outcome;
      const at = numberOf(each.rightId);
      change(at, (state) => writeBack(state, who, mineOf(who, at), result, ours, keepQuarantine));
      const before = keepQuarantine ? each.state : { ...each.state, quarantineUntil: undefined };
      return { claim: each, settled: settle(before, desired, result, now), result, sessionsEnded: 0 };
    });
    hands.delete(who);
    await settleRights(pool, workerName(who), settlements);
  }

  const changeRequest = (right: number, at: number, work: (tx: Transaction, request: PermissionRequest) => Promise<void>): Promise<void> =>
    store.transaction(async (tx) => work(tx, (await tx.lockRequest(org, requestId(right, at))) ?? expect.unreachable()));

  /** Of those in one of these states. */
  const grantAt = (pick: number, among: readonly string[]) =>
    picked(
      states.flatMap(({ grants }, right) => grants.flatMap((grant, at) => (among.includes(grant.state) ? [{ right, at, grant }] : []))),
      pick,
    );

  async function agree(pick: number): Promise<void> {
    const found = grantAt(pick, ['none']);
    if (found === undefined) return;
    const { right, at } = found;
    change(right, (state) => approve(state, at));
    const { provisionUntil } = stateAt(right).grants[at] ?? expect.unreachable();
    const until = anchor.ms + (provisionUntil - anchor.tick) * tickMs;
    const duration = ((lengths * tickMs) / 1000) as DurationSeconds;
    await changeRequest(right, at, (tx, request) =>
      tx.approve(actor, request, {
        by: { kind: 'policy', name: 'rule' },
        at: instant(anchor.ms),
        duration,
        lasts: duration,
        standing: false,
        account: 'account',
        provisionUntil: instant(until),
        latestEnd: instant(until + 3_600_000),
        rules: { version: 'rules', policies: [] },
      }),
    );
  }

  async function end(pick: number): Promise<void> {
    const found = grantAt(pick, ['planned', 'active']);
    if (found === undefined) return;
    const { right, at, grant } = found;
    change(right, (state) => endEarly(state, at, grant));
    const { rows } = await pool.query<{ id: string }>('select id from grants where request_id = $1', [requestId(right, at)]);
    const id = parseGrantId(rows[0]?.id ?? '') ?? expect.unreachable();
    await changeRequest(right, at, (tx, request) => tx.endGrant(actor, request, id, { kind: 'relinquished' }));
  }

  return {
    async perform(step: Step): Promise<void> {
      if ('pick' in step) return step.kind === 'approve' ? agree(step.pick) : end(step.pick);
      if (step.kind === 'time') return takeTime(step.ticks);
      if (step.kind === 'claim') return claimDue();
      const [who, claims] = picked([...hands], step.worker) ?? [];
      if (who === undefined || claims === undefined) return;
      return step.kind === 'look' ? look(who, claims, step.seen) : settleAll(who, claims, step.outcomes, step.keepQuarantine);
    },
    /** What stands on either side, and what was answered; undefined: it has taken too long to tell. */
    async compared() {
      const rows = await readRows(pool, anchor);
      return rows && { tables: [rows, answers.tables], model: [states.map(byProcess), answers.model] };
    },
  };
}
