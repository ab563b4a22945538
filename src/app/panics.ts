import type { PanicId, PersonId } from '../domain/ids.ts';
import { grantsIn, isHolding, type Panic, type PanicPreview, type PanicSelection } from '../domain/panic.ts';
import { parseReason } from '../domain/reason.ts';
import type { Permission, Person } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import { inRole, whyNotInRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller, Integrations, Log } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Actor, Role, Store, Transaction } from './store.ts';

export type PanicWish = { readonly selection: PanicSelection; readonly reason: string; readonly hold: boolean };

/**
 * The panic switch (ADR 17). Owners and security reviewers press it and lift it; viewers see what was pressed.
 */
export type PanicDoors = {
  /** What pressing would end at this moment. Nothing is written. */
  preview(caller: Caller, selection: PanicSelection): Promise<Result<PanicPreview>>;
  /**
   * Ends all grants of the selection, denies its pending requests and closes its pre-approvals; with `hold` nothing of it is
   * given until it is lifted. What is in the selection is read when it is pressed. Pressed twice is pressed once,
   * as long as the first holds.
   */
  start(caller: Caller, wish: PanicWish): Promise<Result<Panic>>;
  read(caller: Caller, id: PanicId): Promise<Result<Panic>>;
  /** Newest first. */
  page(caller: Caller, before: PanicId | undefined, limit: number): Promise<Result<readonly Panic[]>>;
  /** Ends the hold; what was ended stays so. Not by whom it holds back. Lifting it again is no error. */
  lift(caller: Caller, id: PanicId): Promise<Result<Panic>>;
};

type Deps = { readonly store: Store; readonly routing: RoutingDeps; readonly integrations: Integrations };

const pressers: readonly Role[] = ['owner', 'manager'];
const readers: readonly Role[] = ['owner', 'manager', 'viewer'];
/** So many grants are told one by one before it is pressed. */
const mostItems = 50;

export function createPanicDoors(deps: Deps, door: Doorway): PanicDoors {
  const { store, routing } = deps;
  const read = { scope: 'requests:read', attempt: 'panic.read' } as const;
  return {
    preview: door({ scope: 'requests:read', attempt: 'panic.preview' }, (caller, selection) =>
      inRole(routing, store, caller, pressers, async () => accept(await store.panics.preview(caller.org, selection, mostItems))),
    ),
    start: door({ scope: 'requests:decide', attempt: 'panic.start' }, (caller, wish) =>
      byPresser(deps, caller, (tx) => startPanic(deps.integrations, tx, caller, actorOf(caller), wish)),
    ),
    read: door(read, (caller, id) =>
      inRole(routing, store, caller, readers, async () => {
        const found = await store.panics.one(caller.org, id);
        return found === undefined ? reject({ code: 'not-found' }) : accept(found);
      }),
    ),
    page: door(read, (caller, before, limit) =>
      inRole(routing, store, caller, readers, async () => accept(await store.panics.page(caller.org, before, limit))),
    ),
    lift: door({ scope: 'requests:decide', attempt: 'panic.lift' }, (caller, id) =>
      byPresser(deps, caller, (tx) => liftPanic(tx, caller, actorOf(caller), id)),
    ),
  };
}

/** Asked before anybody is held up, and again once nobody can take the role away before the commit (I7). */
function byPresser<T>({ store, routing }: Deps, caller: Caller, work: (tx: Transaction) => Promise<Result<T>>): Promise<Result<T>> {
  return inRole(routing, store, caller, pressers, () =>
    store.transaction(async (tx) => {
      await tx.roles.hold();
      const refusal = await whyNotInRole(routing, tx, caller, pressers);
      return refusal === undefined ? work(tx) : reject(refusal);
    }),
  );
}

/** Presses the switch, for whoever may. @param by  who is named as having ended each grant */
export async function startPanic(
  integrations: Integrations,
  tx: Transaction,
  { org, person: by }: { readonly org: Caller['org']; readonly person: Person },
  actor: Actor,
  { selection, reason, hold }: PanicWish,
): Promise<Result<Panic>> {
  const parsed = parseReason(reason);
  if (!parsed.ok) return parsed;
  if (parsed.value === undefined) return reject({ code: 'reason-required' });
  await tx.panics.lock(org);
  if (selection.kind === 'person') await tx.person(org, selection.person);
  if ('integration' in selection && integrations.byName(selection.integration) === undefined) {
    // A target that was taken out of the configuration may still have grants; a name with a mistake in it has none.
    const isThere = grantsIn(await tx.panics.preview(org, selection, 0)) > 0;
    if (!isThere) return reject({ code: 'invalid-value', field: 'integration', why: 'There is no target of this name.' });
  }
  // Without a hold, what came since the first press is meant by this one only.
  const holding = hold ? await tx.panics.holding(org, selection) : undefined;
  return accept(holding ?? (await tx.panics.start(actor, { org, selection, reason: parsed.value, hold, by })));
}

/** Lifts the hold, for whoever may. Whom it holds back does not: it may be pressed because somebody else acts as them. */
export async function liftPanic(
  tx: Transaction,
  { org, person }: { readonly org: Caller['org']; readonly person: Person },
  actor: Actor,
  id: PanicId,
): Promise<Result<Panic>> {
  await tx.panics.lock(org);
  const found = await tx.panics.one(org, id);
  if (found === undefined) return reject({ code: 'not-found' });
  if (!isHolding(found)) return accept(found);
  const { selection } = found;
  const held = selection.kind === 'person' ? await tx.knownPerson(org, selection.person) : undefined;
  if (held?.id === person.id) return reject({ code: 'on-hold', own: true });
  await tx.panics.lift(actor, org, id, person);
  return accept((await tx.panics.one(org, id)) ?? found);
}

/** Why these people may not get this now, or say yes to it. Asked in the transaction that gives it. */
export async function whyOnHold(
  tx: Transaction,
  org: Caller['org'],
  people: readonly PersonId[],
  permission: Permission,
): Promise<Rejection | undefined> {
  return (await tx.panics.holds(org, people, permission)) ? { code: 'on-hold' } : undefined;
}

/** Goes on with whatever was pressed. A process that dies in the middle leaves the rest to the next. */
export async function sweepPanics({ panics }: Pick<Store, 'panics'>, log: Log): Promise<void> {
  for (const { org, id } of await panics.due()) {
    try {
      while ((await panics.sweep(org, id)) === 'again');
    } catch (error) {
      // One that fails must not hold up the others.
      log.error({ err: error, panic: id }, 'a panic could not be gone on with; it comes again');
    }
  }
}
