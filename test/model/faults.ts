/** The rules of the product, and each with one design fault planted that other tools have been seen with. */
import { maySend, settle } from '../../src/domain/right.ts';
import type { Instant } from '../../src/domain/time.ts';
import type { Rules } from './database.ts';

export const ours: Rules = { settle, maySend, intent: true, counting: true, sweep: true, looks: 'each time', remembers: true };

export const planted: Readonly<Record<string, Rules>> = {
  'no intent': { ...ours, intent: false },
  'time-out taken as failure': {
    ...ours,
    settle: (before, desired, result, now) =>
      settle(before, desired, result.kind === 'lost' ? { kind: 'refused', permanent: false, why: result.why } : result, now),
  },
  'giving up': {
    ...ours,
    settle(before, desired, result, now) {
      const settled = settle(before, desired, result, now);
      return settled.attempts >= 2 ? { ...settled, retryAt: undefined } : settled;
    },
  },
  'queue-only expiry': { ...ours, sweep: false },
  'no send guard': { ...ours, maySend: () => true },
  'quarantine cleared early': {
    ...ours,
    // By when the answer came, and not by when the call started.
    settle: (before, desired, result, now) =>
      settle({ ...before, callStarted: Math.max(now, before.callStarted) as Instant }, desired, result, now),
  },
  'no counting': { ...ours, counting: false },
  'refusal for good taken as proof': {
    ...ours,
    settle(before, desired, result, now) {
      const settled = settle(before, desired, result, now);
      return result.kind === 'refused' && result.permanent ? { ...settled, observed: 'absent', retryAt: undefined } : settled;
    },
  },
  'no look before': { ...ours, looks: 'never' },
  'looked at once': { ...ours, looks: 'once' },
  'forgotten before it is gone': { ...ours, remembers: false },
};
