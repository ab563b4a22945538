/** More time for access that is there (decision 14): a new decision, which begins where the access would end. */
import { type DurationSeconds, isDurationSeconds, toSeconds } from './duration.ts';
import { type Extension, type PermissionRequest, wireStatus } from './request.ts';
import { accept, reject, type Rejection, type Result } from './result.ts';
import { after, type Instant, instant } from './time.ts';

/**
 * Who decides later than this before the end is too late: the decision has to reach the right before the end does, or
 * there would be a gap.
 */
const lastMomentMs = 2_000;

/** Requests in one chain, the first included. */
export const longestChain = 50;

/** How long the target may take to confirm more time; the access that is there goes on meanwhile. */
const provisioning = toSeconds({ time: 10, unit: 'm' });

/**
 * Where an extension of this request begins and what it counts towards. Only access that is active now can be extended,
 * and no standing access: that is approved anew when it has ended. Nor what was taken at once.
 */
export function extensionOf({ id, extension, state, breakGlass }: PermissionRequest, now: Instant): Result<Extension> {
  const grant = state.kind === 'approved' ? state.grant : undefined;
  if (grant?.state.kind !== 'active' || now >= grant.state.expiresAt - lastMomentMs)
    return reject({ code: 'not-extendable', status: wireStatus(state) });
  if (grant.standing) return reject({ code: 'standing-exists' });
  if (breakGlass !== undefined) return reject({ code: 'break-glass-ends' });
  const { grantedAt, expiresAt } = grant.state;
  return accept({ of: id, first: extension?.first ?? id, from: extension?.from ?? grantedAt, until: expiresAt });
}

/** Standing access that is approved anew: one term counts from then, whatever was before. */
export function nextTermOf({ id, extension, state }: PermissionRequest, now: Instant): Result<Extension> {
  const grant = state.kind === 'approved' ? state.grant : undefined;
  if (grant?.standing !== true || grant.state.kind !== 'active' || now >= grant.state.expiresAt - lastMomentMs)
    return reject({ code: 'not-extendable', status: wireStatus(state) });
  return accept({ of: id, first: extension?.first ?? id, from: now, until: grant.state.expiresAt });
}

export const extendedEnd = ({ until }: Pick<Extension, 'until'>, duration: DurationSeconds): Instant => after(until, duration);

/** Whole seconds from one moment to a later one, rounded up; at least one. */
export function secondsBetween(from: Instant, to: Instant): DurationSeconds {
  const seconds = Math.max(1, Math.ceil((to - from) / 1000));
  if (!isDurationSeconds(seconds)) throw new RangeError(`${seconds} s is not a duration`);
  return seconds;
}

/** A chain of extensions lasts no longer, from its first grant on, than one grant may (I6). */
export function whyOverTotal({ from }: Extension, end: Instant, maximum: DurationSeconds): Rejection | undefined {
  return end > after(from, maximum) ? { code: 'over-total', total: secondsBetween(from, end), maximum } : undefined;
}

/** The presets that an approver may choose from without being refused. */
export const extensionDurations = (extension: Extension, presets: readonly DurationSeconds[], maximum: DurationSeconds) =>
  presets.filter((each) => whyOverTotal(extension, extendedEnd(extension, each), maximum) === undefined);

/**
 * How much more one press asks for: as long as was asked for before, as far as presets and the maximum allow it. Undefined where
 * nothing can be added.
 */
export function handiestExtension(
  request: PermissionRequest,
  presets: readonly DurationSeconds[],
  maximum: DurationSeconds,
): DurationSeconds | undefined {
  const { state, extendedUntil, asked, extension, id, breakGlass } = request;
  if (state.kind !== 'approved' || state.grant.standing || state.grant.state.kind !== 'active' || extendedUntil !== undefined)
    return undefined;
  if (breakGlass !== undefined) return undefined;
  const { grantedAt, expiresAt } = state.grant.state;
  const more: Extension = { of: id, first: extension?.first ?? id, from: extension?.from ?? grantedAt, until: expiresAt };
  const fitting = extensionDurations(more, presets, maximum);
  return fitting.findLast((each) => each <= asked) ?? fitting[0];
}

/**
 * Plans the grant that takes over: its end is exact, and it is active as soon as the target has confirmed it, so
 * `lasts` runs from the decision to that end.
 */
export function planExtension<D extends { at: Instant; duration: DurationSeconds }>(
  extension: Extension,
  end: Instant,
  decision: D,
  maximum: DurationSeconds,
): Result<D & { lasts: DurationSeconds; provisionUntil: Instant; latestEnd: Instant }> {
  const refusal = whyOverTotal(extension, end, maximum);
  if (refusal !== undefined) return reject(refusal);
  const { at } = decision;
  const half = instant(Math.floor((at + end) / 2));
  const latest = after(at, provisioning);
  return accept({ ...decision, lasts: secondsBetween(at, end), provisionUntil: half < latest ? half : latest, latestEnd: end });
}
