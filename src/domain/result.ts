import type { DurationSeconds } from './duration.ts';

/** What a careful person can cause and must be told about. Faults are thrown instead. */
export type Rejection =
  /** The text of a command could not be understood; `usage` is that command's usage. */
  | { code: 'usage'; command: string; usage: string; problem: string }
  | { code: 'invalid-duration'; given: string }
  | { code: 'over-maximum'; asked: DurationSeconds; maximum: DurationSeconds }
  | { code: 'duration-required' }
  | { code: 'reason-required' }
  | { code: 'reason-too-long'; maximum: number }
  | { code: 'unknown-service'; service: string; known: readonly string[] }
  | { code: 'unknown-access-type'; service: string; accessType: string; known: readonly string[] }
  | { code: 'unknown-resource'; accessType: string; resource: string; known: readonly string[] }
  /** Several integrations offer this service and the command did not say which. */
  | { code: 'ambiguous-integration'; service: string; names: readonly string[] }
  | { code: 'invalid-principal'; given: string }
  /** The principal's derived account name is used by somebody else, or cannot be derived. */
  | { code: 'account-unusable'; account: string }
  /** Policies deny this, or none matches. */
  | { code: 'not-allowed' }
  | { code: 'preapproval-required' }
  | { code: 'nobody-can-approve' }
  | { code: 'standing-exists' }
  | { code: 'too-many-open'; maximum: number }
  | { code: 'not-found' }
  | { code: 'not-approver' }
  | { code: 'own-request' }
  | { code: 'not-yours' }
  /** There is no password to show: it was shown, it is not one of ours, or the access is not active. */
  | { code: 'nothing-to-show' }
  | { code: 'already-decided'; status: string; by: string | undefined }
  | { code: 'lapsed' }
  /** The request or its policy changed since the button was drawn (decision 17). */
  | { code: 'stale-picture' }
  | { code: 'not-revocable'; status: string }
  | { code: 'identity-unknown'; why: 'guest' | 'bot' | 'deactivated' | 'stranger' | 'no-email' }
  | { code: 'owner-required' }
  /** Something we must ask before answering did not answer: refuse on the way in. */
  | { code: 'unavailable'; what: string }
  | { code: 'not-supported'; what: string };

export type Result<T> = { ok: true; value: T } | { ok: false; rejection: Rejection };

export const accept = <T>(value: T): Result<T> => ({ ok: true, value });
export const reject = (rejection: Rejection): { ok: false; rejection: Rejection } => ({ ok: false, rejection });
