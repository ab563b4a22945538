import type { TargetRight } from '../app/ports.ts';

/** A right in PostgreSQL's words. */
export type Membership = { readonly account: string; readonly role: string };

export const toMembership = (right: TargetRight): Membership => ({ account: right.account, role: right.resource });

/** Nothing can have a name that PostgreSQL cannot hold, and it must not be cut down to somebody else's. */
export const isNameable = (name: string): boolean =>
  name !== '' && name.isWellFormed() && !name.includes('\0') && Buffer.byteLength(name) <= 63;

export const sameMembership = (a: Membership, b: Membership): boolean => a.account === b.account && a.role === b.role;
