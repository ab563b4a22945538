/** What the panic switch needs of the store. */
import type { Org, PanicId, PersonId } from '../domain/ids.ts';
import type { Panic, PanicPreview, PanicSelection } from '../domain/panic.ts';
import type { Permission, Person } from '../domain/request.ts';
import type { Actor } from './store.ts';

export type PanicReads = {
  /** What is in the selection now. `items`: at most so many grants are told one by one. */
  preview(org: Org, selection: PanicSelection, items: number): Promise<PanicPreview>;
  one(org: Org, id: PanicId): Promise<Panic | undefined>;
  /** Newest first. `before`: the last one of the page before. */
  page(org: Org, before: PanicId | undefined, limit: number): Promise<readonly Panic[]>;
};

/** What workers do for panics that are under way. */
export type PanicSweeps = {
  /** Those that have something left to do, or hold and were not looked at for a while. */
  due(): Promise<readonly { readonly org: Org; readonly id: PanicId }[]>;
  /**
   * One batch: denies requests, closes windows, marks grants as ending, and says when all is marked or seen gone.
   * `again`: there may be more, and something was done; `later`: nothing could be done now, or nothing is left.
   */
  sweep(org: Org, id: PanicId): Promise<'again' | 'later'>;
};

export type PanicWrites = PanicReads & {
  /** Serialises the pressing of switches in an organisation. */
  lock(org: Org): Promise<void>;
  /** One with the same selection that holds. */
  holding(org: Org, selection: PanicSelection): Promise<Panic | undefined>;
  /** Puts it on record, and does the first batches of {@link PanicSweeps.sweep} at once. */
  start(
    actor: Actor,
    wish: { readonly org: Org; readonly selection: PanicSelection; readonly reason: string; readonly hold: boolean; readonly by: Person },
  ): Promise<Panic>;
  /** Ends the hold now; one that is lifted already stays as it is. */
  lift(actor: Actor, org: Org, id: PanicId, by: Person): Promise<void>;
  /**
   * Does a panic hold back what these people would get, or say yes to? Whoever asks has until the commit before a panic
   * counts everything as marked.
   */
  holds(org: Org, people: readonly PersonId[], permission: Permission): Promise<boolean>;
};
