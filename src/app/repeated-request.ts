/** Is a request the same one again, because its answer was lost, or a wish of its own? */
import type { DurationSeconds } from '../domain/duration.ts';
import { isSameMakers, type Permission, type PermissionRequest, type Person } from '../domain/request.ts';
import { type RecurringWindow, recurringWindowText } from '../domain/recurring-window.ts';
import type { Instant } from '../domain/time.ts';
import type { Caller } from './ports.ts';
import type { Submitted } from './use-cases.ts';

/** What tells one request from another, beside who asked. */
export type Wished = {
  readonly permission: Permission;
  readonly principal: Person;
  readonly reason: string | undefined;
  readonly asked: DurationSeconds;
  readonly hours?: RecurringWindow | undefined;
  readonly breakGlass?: boolean | undefined;
};

/** How long after a request was decided at once the same again is taken for the repeat of a lost answer, and not for a wish for more time. */
const repeatMs = 2 * 60_000;

/** Decided in the moment in which it was asked for: by a policy, or by whoever opened a window. */
export function findRepeated(
  held: readonly PermissionRequest[],
  { person, keyMakers = [] }: Caller,
  wish: Wished,
  now: Instant,
): Submitted | undefined {
  const request = held.find(
    (each) =>
      isTwin(each, person, wish) &&
      // With a key of other makers it is somebody else who asks, as far as anybody can tell.
      isSameMakers(each.keyMakers, keyMakers) &&
      each.state.kind === 'approved' &&
      each.state.at === each.createdAt &&
      now - each.createdAt < repeatMs &&
      isLive(each, now),
  );
  if (request?.state.kind !== 'approved') return undefined;
  const isPreexisting = held.some((each) => each.id !== request.id && isActive(each));
  return { request, isPreexisting, isPersistent: false, isPreapproved: request.state.by.kind === 'person' };
}

/** It is there; what has hours, only in these. */
export const isActive = ({ state }: PermissionRequest): boolean =>
  state.kind === 'approved' && state.grant.state.kind === 'active' && state.grant.hours?.state !== 'closed';

/** There, or on its way. */
export function isLive({ state }: PermissionRequest, now: Instant): boolean {
  if (state.kind !== 'approved') return false;
  const { grant } = state;
  return grant.state.kind === 'planned' || (grant.state.kind === 'active' && now < grant.state.expiresAt);
}

export const isTwin = (request: PermissionRequest, requestor: Person, wish: Wished): boolean =>
  request.requestor.id === requestor.id &&
  request.principal.id === wish.principal.id &&
  isSame(request.permission, wish.permission) &&
  request.extension === undefined &&
  request.asked === wish.asked &&
  request.reason === wish.reason &&
  (request.breakGlass !== undefined) === (wish.breakGlass === true) &&
  hoursOf(request) === (wish.hours && recurringWindowText(wish.hours));

const hoursOf = ({ state }: PermissionRequest): string | undefined => (state.kind === 'approved' ? state.grant.hours?.text : undefined);

export const isSame = (one: Permission, other: Permission): boolean =>
  one.integration === other.integration && one.accessType === other.accessType && one.resource === other.resource;
