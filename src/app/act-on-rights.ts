import { callDeadlineMs, type CallResult, maySend, settle } from '../domain/right.ts';
import { fitAnswer, type TargetAnswer } from '../domain/target-answer.ts';
import type { Instant } from '../domain/time.ts';
import type { Meter } from './meter.ts';
import type { Claim, Settlement, Store } from './store.ts';
import type { Integration, Integrations, Log, Vault } from './ports.ts';

/** What happens to claimed rights at the target. Whatever goes wrong here ends as a {@link CallResult}, never as an exception: the claim must be written back. */
export type Hands = {
  readonly store: Store;
  readonly integrations: Integrations;
  readonly vault: Vault;
  readonly log: Log;
  readonly meter: Meter;
  /** Aborted when the process stops: nothing more is claimed, what is under way is finished. */
  readonly stopping: AbortSignal;
  /** Milliseconds of this process' monotonic clock. */
  readonly monotonicMs: () => number;
};

/** The time a first look at the target may take before the call itself; it is inside the lease. */
const baselineDeadlineMs = 4_000;

/** Makes one right exist. `claimedAtMs` is of the monotonic clock. */
export async function giveRight(hands: Hands, claim: Claim, claimedAtMs: number): Promise<Settlement> {
  const integration = hands.integrations.byName(claim.integration);
  if (integration === undefined) return settled(hands, claim, unconfigured(claim));
  try {
    // What was there before us is looked at each time: somebody may have removed it since, and then giving it is ours.
    const baseline = claim.baseline === 'absent' ? claim.baseline : await observeBaseline(hands, integration, claim);
    if (baseline === undefined) return await settled(hands, claim, { kind: 'unsent', why: 'the target could not be read' });
    // The principal had it before us: nothing to add, and nothing to remove later.
    if (baseline === 'present') return await settled(hands, claim, { kind: 'observed', observed: 'present' });
    const { result, said } = await ensurePresent(hands, integration, claim, claimedAtMs);
    return await settled(hands, claim, result, said);
  } catch (error) {
    return settled(hands, claim, lost(error));
  }
}

async function observeBaseline(hands: Hands, integration: Integration, claim: Claim): Promise<'absent' | 'present' | undefined> {
  const [seen] = await integration.observe([claim.target], AbortSignal.timeout(baselineDeadlineMs));
  if (seen === undefined || seen === 'unknown') return undefined;
  return (await hands.store.recordBaseline(claim, seen)) ? seen : undefined;
}

type Given = { readonly result: CallResult; readonly said?: TargetAnswer };

async function ensurePresent(hands: Hands, integration: Integration, claim: Claim, claimedAtMs: number): Promise<Given> {
  const { until } = claim;
  if (until === undefined) return { result: { kind: 'unsent', why: 'nothing wants it any more' } };
  const password = integration.capabilities.wantsPassword ? await offerPassword(hands, claim) : undefined;
  // R2, and the last thing before the call: whatever came before it may have taken any time.
  if (!maySend(hands.monotonicMs() - claimedAtMs)) return { result: tooSlow };
  const options = { until, password: password?.text, resetPassword: password?.reset ?? false };
  const { passwordSet, ...given } = await integration.ensurePresent(claim.target, options, AbortSignal.timeout(callDeadlineMs));
  // After anything but a plain answer the offer stays on record: the target may have taken it.
  if (password !== undefined && given.result.kind === 'observed') await hands.store.answerPassword(claim, passwordSet);
  return given;
}

async function offerPassword(hands: Hands, claim: Claim): Promise<{ text: string; reset: boolean }> {
  const label = secretLabel(claim.integration, claim.target.account);
  const offer = await hands.store.offerPassword(claim, hands.vault.seal(hands.vault.newPassword(), label));
  return { text: hands.vault.open(offer.sealed, label), reset: offer.reset };
}

/** Makes rights of one integration not exist, in one call. */
export async function takeRights(
  hands: Hands,
  name: string,
  claims: readonly Claim[],
  claimedAtMs: number,
): Promise<readonly Settlement[]> {
  // Without a baseline we never called, and what was there before us stays.
  const untouched = claims.filter((claim) => claim.baseline !== 'absent');
  const ours = claims.filter((claim) => claim.baseline === 'absent');
  const done = await settledAll(hands, untouched.map(withoutQuarantine), () => ({ kind: 'observed', observed: 'absent' }));
  return [...done, ...(await removeOurs(hands, name, ours, claimedAtMs))];
}

async function removeOurs(hands: Hands, name: string, claims: readonly Claim[], claimedAtMs: number): Promise<readonly Settlement[]> {
  if (claims.length === 0) return [];
  const all = (result: CallResult) => settledAll(hands, claims, () => result);
  const integration = hands.integrations.byName(name);
  const [first] = claims;
  if (integration === undefined || first === undefined) return settledAll(hands, claims, unconfigured);
  if (!maySend(hands.monotonicMs() - claimedAtMs)) return all(tooSlow);
  try {
    const removals = await integration.ensureAbsent(
      claims.map((claim) => claim.target),
      AbortSignal.timeout(callDeadlineMs),
    );
    await hands.store.forgetAccounts(claims.filter((_, index) => removals[index]?.accountGone === true));
    const calls = claims.map((claim, index) => {
      const removal = removals[index];
      const result: CallResult = removal?.result ?? { kind: 'lost', why: 'the target gave no answer for this right' };
      return { claim, removal, result };
    });
    const { now, jitter } = await momentOf(hands, calls);
    return calls.map(({ claim, removal, result }) => {
      report(hands, claim, result);
      return {
        claim,
        settled: settle(claim.state, claim.desired, result, now, jitter),
        result,
        sessionsEnded: removal?.sessionsEnded ?? 0,
        said: removal?.said === undefined ? undefined : fitAnswer(removal.said),
        sessionsMayGoOn: !integration.capabilities.endsSessions,
      };
    });
  } catch (error) {
    return all(lost(error));
  }
}

/** The clock is read once at most: a storm has five hundred rights in a batch. They come again together, too. */
async function settledAll(hands: Hands, claims: readonly Claim[], resultOf: (claim: Claim) => CallResult): Promise<readonly Settlement[]> {
  if (claims.length === 0) return [];
  const calls = claims.map((claim) => ({ claim, result: resultOf(claim) }));
  const at = await momentOf(hands, calls);
  return calls.map(({ claim, result }) => settledAt(hands, claim, result, at));
}

const settled = async (hands: Hands, claim: Claim, result: CallResult, said?: TargetAnswer): Promise<Settlement> =>
  settledAt(hands, claim, result, await momentOf(hands, [{ claim, result }]), said);

const isAsDesired = (claim: Claim, result: CallResult): boolean => result.kind === 'observed' && result.observed === claim.desired;

type Moment = { readonly now: Instant; readonly jitter: number };

/** For the next try. The clock is asked only where there will be one: nobody waits for it where all is as it should be. */
async function momentOf(hands: Hands, calls: readonly { readonly claim: Claim; readonly result: CallResult }[]): Promise<Moment> {
  const isTriedAgain = calls.some(({ claim, result }) => !isAsDesired(claim, result));
  const [first] = calls;
  const now = isTriedAgain || first === undefined ? await hands.store.now() : first.claim.state.callStarted;
  return { now, jitter: Math.random() };
}

function settledAt(hands: Hands, claim: Claim, result: CallResult, { now, jitter }: Moment, said?: TargetAnswer): Settlement {
  report(hands, claim, result);
  return {
    claim,
    settled: settle(claim.state, claim.desired, result, now, jitter),
    result,
    sessionsEnded: 0,
    said: said === undefined ? undefined : fitAnswer(said),
  };
}

/** Failure to revoke is the loudest event we have. */
function report(hands: Hands, claim: Claim, result: CallResult): void {
  hands.meter.looked(claim.integration, claim.desired, result.kind);
  if (isAsDesired(claim, result)) return;
  const fields = { right: claim.rightId, integration: claim.integration, attempts: claim.state.attempts + 1, result };
  if (claim.desired === 'absent') hands.log.error(fields, 'access could not be taken away yet; it is tried again');
  else hands.log.warn(fields, 'access could not be given yet');
}

const withoutQuarantine = (claim: Claim): Claim => ({ ...claim, state: { ...claim.state, quarantineUntil: undefined } });

/** Who holds a sealed password: bound to the ciphertext, so that one account's cannot be opened as another's. */
export const secretLabel = (integration: string, account: string): string => `${integration}/${account}`;

const tooSlow: CallResult = { kind: 'unsent', why: 'this process was too slow and gave the claim back' };

const unconfigured = (claim: Claim): CallResult => ({ kind: 'unsent', why: `no integration named ${claim.integration} is configured` });

const lost = (error: unknown): CallResult => ({ kind: 'lost', why: error instanceof Error ? error.message : 'unknown fault' });
