/** Notices to one person that are told in one message where there are many of them (ADR 13). */
import { type Posting, posting, type Slot } from './posting.ts';
import type { PermissionRequest } from './request.ts';
import { digestOf } from './digest.ts';

export const sharedSlots = ['access', 'warning', 'ended'] as const satisfies readonly Slot[];
/** What can be told together: it asks nobody to do anything that cannot be done on the home tab. */
export type SharedSlot = (typeof sharedSlots)[number];
/** The message in which it is. */
export type SummarySlot = 'accesses' | 'warnings' | 'endings';

export const summaryOf: Readonly<Record<SharedSlot, SummarySlot>> = { access: 'accesses', warning: 'warnings', ended: 'endings' };

/** Undefined for what always has a message of its own. */
export const sharedSlotOf = ({ slot }: Posting): SharedSlot | undefined => sharedSlots.find((shared) => shared === slot);
export const summaryPosting = (slot: SharedSlot): Posting => posting(summaryOf[slot]);

/** Several requests in one message: the first of them, and how many there are. */
export type Several = {
  readonly total: number;
  /** How many of them are there at this moment, and end at the time that is named. */
  readonly live: number;
  readonly requests: readonly PermissionRequest[];
  /** What to type to use those that are there, each once. */
  readonly commands?: readonly string[];
};

const isLive = ({ state, extendedUntil }: PermissionRequest): boolean =>
  state.kind === 'approved' && state.grant.state.kind === 'active' && extendedUntil === undefined;

/** As many as can be read on a phone. */
const mostListed = 20;
export const severalOf = (requests: readonly PermissionRequest[]): Several => ({
  total: requests.length,
  live: requests.filter(isLive).length,
  requests: requests.slice(0, mostListed),
});

/** Stands for what such a message shows of one request. */
export const shareDigest = ({ state, extendedUntil }: PermissionRequest): string => digestOf({ state, extendedUntil });

/** Where access was over before anybody was told of it, there is nothing to tell. */
export function isWorthTelling(slot: SharedSlot, requests: readonly PermissionRequest[]): boolean {
  switch (slot) {
    case 'access':
      return requests.some(({ state }) => state.kind === 'approved' && state.grant.state.kind === 'active');
    case 'warning':
      return requests.some(isLive);
    case 'ended':
      return true;
  }
}
