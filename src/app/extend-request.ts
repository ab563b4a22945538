import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { extendedEnd, extensionOf, longestChain, planExtension, secondsBetween, whyOverTotal } from '../domain/extension.ts';
import type { PreApprovalId, RequestId } from '../domain/ids.ts';
import { type Decider, type Extension, isSelf, type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { onCallAccess, type Outcome } from '../domain/route.ts';
import type { Settings } from '../domain/settings.ts';
import { after, type Instant } from '../domain/time.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import { whyOnHold } from './panics.ts';
import type { Caller } from './ports.ts';
import { type Cover, findCover } from './pre-approvals.ts';
import { policiesOf, routeByVersion } from './routing.ts';
import type { Actor, Transaction } from './store.ts';
import { mustRead, openLimit, whyNotAsk } from './submit-request.ts';
import { whyTooFew } from './too-few.ts';

/** As asked: so much longer than the access lasts now. */
export type MoreTime = { readonly duration: DurationSeconds; readonly reason: string | undefined };

/**
 * Asks for more time on access that is there (decision 14): a request of its own, decided by the policies of this moment.
 * It begins where the latest grant of the chain ends, and the whole chain stays within the maximum (I6). While one such
 * request waits, or is being set up, asking again returns it: clients repeat a POST whose answer was lost.
 */
export async function extendRequest(deps: DecideDeps, caller: Caller, id: RequestId, more: MoreTime): Promise<Result<PermissionRequest>> {
  const { org, person } = caller;
  return deps.store.transaction(async (tx) => {
    await tx.lockPerson(org, person.id);
    const named = await tx.lockRequest(org, id);
    if (named === undefined) return reject({ code: 'not-found' });
    if (!isSelf(named, person.id)) return reject({ code: 'not-yours' });
    // Whoever names a request that gave nothing does not mean the access that it asked to extend.
    if (named.state.kind !== 'approved') return reject({ code: 'not-extendable', status: wireStatus(named.state) });
    const settings = await tx.settings(org);
    const now = await tx.now();
    const chain = await tx.requests(org, { kind: 'chain', first: named.extension?.first ?? named.id }, longestChain);
    // The id that people know may be of a part that has ended: what goes on is extended.
    const latest =
      chain.map((each) => extensionOf(each, now)).find((each) => each.ok) ??
      extensionOf(chain.find((each) => each.id === id) ?? named, now);
    if (!latest.ok) return latest;
    const open = chain.find(isOpen);
    if (open !== undefined) return accept(open);
    if (chain.length >= longestChain) return reject({ code: 'too-many', what: 'extensions of one access', maximum: longestChain - 1 });
    return ask(deps, tx, caller, named, latest.value, more, { settings, now });
  });
}

const isOpen = ({ state, extension }: PermissionRequest): boolean =>
  extension !== undefined && (state.kind === 'pending' || (state.kind === 'approved' && state.grant.state.kind === 'planned'));

async function ask(
  deps: DecideDeps,
  tx: Transaction,
  caller: Caller,
  { permission, principal }: PermissionRequest,
  extension: Extension,
  { duration, reason }: MoreTime,
  { settings, now }: { readonly settings: Settings; readonly now: Instant },
): Promise<Result<PermissionRequest>> {
  const { org, person: requestor, keyMakers = [] } = caller;
  const onHold = await whyOnHold(tx, org, [principal.id, requestor.id], permission);
  if (onHold !== undefined) return reject(onHold);
  const maximum = toSeconds(settings.maxAccess);
  const end = extendedEnd(extension, duration);
  const overTotal = whyOverTotal(extension, end, maximum);
  if (overTotal !== undefined) return reject(overTotal);
  if ((await tx.requests(org, { kind: 'open', by: requestor.id }, openLimit)).length >= openLimit)
    return reject({ code: 'too-many-open', maximum: openLimit });
  const account = deps.integrations.byName(permission.integration)?.accountOf(principal.email);
  if (account === undefined) return reject({ code: 'not-configured', what: `The target ${permission.integration}` });
  if (!account.ok) return account;

  const { outcome, version } = await routeByVersion(deps.routing, tx, { org, permission, principal });
  const wish = { org, requestor, keyMakers, principal, permission, reason, durationNamed: true };
  // What a window or being on call allows, it allows from now on, and not on top of what is there.
  const found = await findCover(deps, tx, { ...wish, asked: secondsBetween(now, end) }, outcome);
  // Hours that close before the access ends anyway add nothing to it.
  const cover = found?.until !== undefined && found.until <= extension.until ? undefined : found;
  const refusal = whyNotAsk(outcome, wish, cover !== undefined);
  if (refusal !== undefined) return reject(refusal);
  const longest = outcome.kind === 'auto' ? onCallAccess : toSeconds(settings.standingAccess);
  const ready = decidedAtOnce(outcome, cover, end, after(now, longest));
  if (ready !== undefined && ready.end <= extension.until)
    return reject({ code: 'over-maximum', asked: secondsBetween(now, end), maximum: longest });
  const asked = {
    ...wish,
    asked: duration,
    createdAt: now,
    approvableUntil: decidableUntil(extension, settings, now),
    outcome: outcome.kind,
    rules: { version, policies: policiesOf(outcome) },
    extension,
  };
  if (ready === undefined) {
    const tooFew = await whyTooFew(deps.routing, tx, wish, outcome);
    if (tooFew !== undefined) return reject(tooFew);
    return accept(await mustRead(tx, org, await tx.addRequest(actorOf(caller), asked)));
  }
  return give(tx, caller, asked, ready, account.value, maximum);
}

/** What nobody has to be asked about is decided as it is put on record. */
async function give(
  tx: Transaction,
  caller: Caller,
  asked: Parameters<Transaction['addRequest']>[1] & { readonly extension: Extension },
  { actor, by, end, policies, preApproval }: Ready,
  account: string,
  maximum: DurationSeconds,
): Promise<Result<PermissionRequest>> {
  const { org, extension, rules } = asked;
  const duration = secondsBetween(extension.until, end);
  const at = asked.createdAt;
  const plan = planExtension(extension, end, { by, at, duration, standing: false, account, rules: { ...rules, policies } }, maximum);
  if (!plan.ok) return plan;
  if (!(await tx.claimAccount(org, asked.permission.integration, account, asked.principal.id)))
    return reject({ code: 'account-unusable', account });
  const request = await mustRead(tx, org, await tx.addRequest(actorOf(caller), asked));
  await tx.approve(actor, request, preApproval === undefined ? plan.value : { ...plan.value, preApproval });
  return accept(await mustRead(tx, org, request.id));
}

/** Once the access has ended there is nothing left to extend. */
function decidableUntil({ until }: Extension, { approvable }: Settings, now: Instant): Instant {
  const lapses = after(now, toSeconds(approvable));
  return lapses < until ? lapses : until;
}

type Ready = {
  readonly actor: Actor;
  readonly by: Decider;
  readonly end: Instant;
  readonly policies: readonly string[];
  readonly preApproval: PreApprovalId | undefined;
};

/**
 * Who has decided already: whoever opened the window, or a policy that needs nobody. Undefined: people are asked.
 * @param latest  no policy gives more by itself than it gives to whoever asks for the first time
 */
function decidedAtOnce(outcome: Outcome, cover: Cover | undefined, end: Instant, latest: Instant): Ready | undefined {
  if (cover !== undefined) {
    const { creator, via, policies, id: preApproval, until = end } = cover;
    const by = { kind: 'person', person: creator } as const;
    return { actor: { kind: 'person', ...creator, via }, by, end: until < end ? until : end, policies, preApproval };
  }
  if (outcome.kind !== 'persistent' && outcome.kind !== 'auto') return undefined;
  const by = { kind: 'policy', name: outcome.policy } as const;
  return { actor: by, by, end: latest < end ? latest : end, policies: [outcome.policy], preApproval: undefined };
}
