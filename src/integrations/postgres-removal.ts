import type pg from 'pg';
import { z } from 'zod';
import type { Removal, TargetRight } from '../app/ports.ts';
import { type Call, type CallTime, callPostgres, type NoAnswer, startCall } from './postgres-call.ts';
import { isTransient, refusal } from './postgres-errors.ts';
import { Present } from './postgres-grant.ts';
import { finishProgram, revokeProgram } from './postgres-removal-programs.ts';
import { type Membership, sameMembership, toMembership } from './postgres-membership.ts';

/** Few enough that a transaction's locks are held for a fraction of a second and fit PostgreSQL's default lock table. */
const accountsPerBatch = 250;
/** Kept back of a call's time, so that its answer still arrives. */
const reserveMs = 500;

/** A session ends within milliseconds; one that does not must not hold up the other batches (I16). It is tried again later. */
const sessionsEndMs = 2_000;

const Failure = z.object({ account: z.string(), role: z.string().optional(), code: z.string(), message: z.string() });
const Revoked = z.object({ failed: z.array(Failure), spent: z.array(z.string()) });
const Finished = Present.extend({
  sinceMs: z.number(),
  failed: z.array(Failure),
  live: z.array(z.object({ account: z.string(), pid: z.number() })),
  logins: z.array(z.object({ account: z.string(), isOpen: z.boolean(), isOurs: z.boolean() })),
  server: z.record(z.string(), z.string()),
});

type Batch = readonly Membership[];
/** What a batch came to: the refusals, then what was seen at the end. */
type Seen = {
  readonly failed: readonly z.infer<typeof Failure>[];
  readonly present: Batch;
  /** Accounts with a session that did not end in time. */
  readonly live: ReadonlySet<string>;
  /** The accounts that exist. What is ours and not open is closed for good, and as good as gone. */
  readonly logins: ReadonlyMap<string, { readonly isOpen: boolean; readonly isOurs: boolean }>;
  readonly server: Readonly<Record<string, string>>;
  readonly ended: ReadonlyMap<string, ReadonlySet<number>>;
};

/** Removes the rights, a batch per transaction; one answer for each. */
export async function removeRights(
  pool: pg.Pool,
  asked: readonly TargetRight[],
  tag: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<TargetRight, Removal>> {
  const time = startCall(signal);
  const removals = new Map<TargetRight, Removal>();
  for (const batch of inBatches(asked)) {
    const memberships = batch.map(toMembership);
    const outcome = await removeBatch(pool, time, memberships, tag);
    for (const right of batch)
      removals.set(right, 'failed' in outcome ? unanswered(outcome.failed) : removalOf(right, batch, outcome.answer));
  }
  return removals;
}

const unanswered = (failed: NoAnswer): Removal => ({ result: failed, sessionsEnded: 0, accountGone: false });

/** An account's sessions are counted once, with its first right. */
function removalOf(right: TargetRight, batch: readonly TargetRight[], seen: Seen): Removal {
  const isFirst = batch.find((other) => other.account === right.account) === right;
  const ended = isFirst ? [...(seen.ended.get(right.account) ?? [])] : [];
  const login = seen.logins.get(right.account);
  const result = resultOf(toMembership(right), seen);
  const removal = { result, sessionsEnded: ended.length, accountGone: login === undefined || (login.isOurs && !login.isOpen) };
  if (result.kind !== 'observed' || result.observed === 'present') return removal;
  return {
    ...removal,
    said: {
      ...seen.server,
      role: right.resource,
      account: right.account,
      membership: 'none',
      login: login === undefined ? 'none' : login.isOpen ? 'open' : 'closed',
      ...(ended.length === 0 ? {} : { endedPids: ended.join(', ') }),
    },
  };
}

/** All rights of an account in one batch: whether it keeps anything is seen only there. */
function inBatches(rights: readonly TargetRight[]): TargetRight[][] {
  const byAccount = Map.groupBy(rights, (right) => right.account);
  const accounts = [...byAccount.values()];
  return Array.from({ length: Math.ceil(accounts.length / accountsPerBatch) }, (_, i) =>
    accounts.slice(i * accountsPerBatch, (i + 1) * accountsPerBatch).flat(),
  );
}

async function removeBatch(pool: pg.Pool, time: CallTime, rights: Batch, tag: string): Promise<{ answer: Seen } | { failed: NoAnswer }> {
  if (time.remainingMs() < reserveMs) return { failed: { kind: 'unsent', why: 'not reached in time' } };
  return callPostgres(pool, time, async (call) => {
    const first = await call.run(revokeProgram, { rights, tag }, Revoked);
    const again = rights.filter((right) => first.failed.some((failure) => isTransient(failure.code) && concerns(failure, right)));
    const second = again.length === 0 ? undefined : await call.run(revokeProgram, { rights: again, tag }, Revoked);
    const lasting = first.failed.filter((failure) => !again.some((right) => concerns(failure, right)));
    const seen = await finish(call, time, { rights, tag, spent: [...first.spent, ...(second?.spent ?? [])] });
    return { ...seen, failed: [...lasting, ...(second?.failed ?? []), ...seen.failed] };
  });
}

/** Ends the sessions that began before the memberships ended, until none lives, or only such as may not be ended. */
async function finish(
  call: Call,
  time: CallTime,
  input: { readonly rights: Batch; readonly tag: string; readonly spent: readonly string[] },
): Promise<Seen> {
  const giveUpMs = Math.max(reserveMs, time.remainingMs() - sessionsEndMs);
  const ended = new Map<string, Set<number>>();
  let seen = await call.run(finishProgram, input, Finished);
  for (let waitMs = 5; ; waitMs = Math.min(100, waitMs * 2)) {
    for (const { account, pid } of seen.live) ended.set(account, (ended.get(account) ?? new Set()).add(pid));
    const mayEnd = seen.live.some(({ account }) => seen.failed.every((failure) => failure.account !== account));
    if (!mayEnd || time.remainingMs() < giveUpMs) break;
    await call.pause(waitMs);
    seen = await call.run(finishProgram, { ...input, sinceMs: seen.sinceMs }, Finished);
  }
  for (const { account, pid } of seen.live) ended.get(account)?.delete(pid);
  const live = new Set(seen.live.map(({ account }) => account));
  const logins = new Map(seen.logins.map((each) => [each.account, each]));
  return { failed: seen.failed, present: seen.present, live, logins, server: seen.server, ended };
}

const concerns = (failure: z.infer<typeof Failure>, right: Membership): boolean =>
  failure.account === right.account && (failure.role === undefined || failure.role === right.role);

/** What was seen at the end decides; a refusal only says why the right, the login or a session is still there. */
function resultOf(right: Membership, seen: Seen): Removal['result'] {
  const isThere = seen.present.some((other) => sameMembership(other, right));
  const failure = seen.failed.find((other) => concerns(other, right));
  if (failure && (isThere || failure.role === undefined)) return refusal(failure);
  return { kind: 'observed', observed: isThere || seen.live.has(right.account) ? 'present' : 'absent' };
}
