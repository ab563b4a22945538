import type { DurationSeconds } from './duration.ts';
import type { RequestId } from './ids.ts';
import type { Role } from './role.ts';
import type { Scope } from './scope.ts';

/** What a careful person can cause and must be told about. Faults are thrown instead. */
export type Rejection =
  /** The text of a command could not be understood; `usage` is that command's usage. */
  | { code: 'usage'; command: string; usage: string; problem: string }
  | { code: 'invalid-duration'; given: string }
  | { code: 'over-maximum'; asked: DurationSeconds; maximum: DurationSeconds }
  /** Extended so far, the access would last longer from its first grant on than one access may. */
  | { code: 'over-total'; total: DurationSeconds; maximum: DurationSeconds }
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
  /** A policy denies this, or none matches. Its name is no secret: whoever is approved by a policy is told its name too. */
  | { code: 'not-allowed'; deniedBy?: string }
  | { code: 'preapproval-required' }
  /** These policies match, and by none of them is anybody left who could say yes. */
  | { code: 'nobody-can-approve'; policies?: readonly string[] }
  | { code: 'standing-exists' }
  /** It was given as standing access, and policies give it to nobody so any more. */
  | { code: 'standing-over' }
  | { code: 'too-many-open'; maximum: number }
  | { code: 'not-found' }
  /** `ahead`: of a pre-approval, when there is no request yet. */
  | { code: 'not-approver'; ahead?: true }
  | { code: 'own-request'; ahead?: true }
  | { code: 'not-yours' }
  /** There is no password to show: it was shown, it is not one of ours, or the access is not active. */
  | { code: 'nothing-to-show' }
  | { code: 'already-decided'; status: string; by: string | undefined }
  | { code: 'lapsed' }
  | { code: 'too-soon'; seconds: DurationSeconds }
  /** The request or its policy changed since the button was drawn (decision 17). */
  | { code: 'stale-picture' }
  | { code: 'not-revocable'; status: string }
  | {
      code: 'identity-unknown';
      why: 'guest' | 'bot' | 'deactivated' | 'stranger' | 'no-email' | 'unlinked' | 'taken-back' | 'other-person' | 'second-account';
    }
  /** One of these roles would have been needed. */
  | { code: 'role-required'; roles: readonly Role[] }
  /** The token lacks this scope. */
  | { code: 'scope-required'; scope: Scope }
  /** A value that cannot be; `field` names it as the caller wrote it. */
  | { code: 'invalid-value'; field: string; why: string }
  /** A stored thing of this name is there already. */
  | { code: 'exists'; what: string }
  /** Somebody changed it meanwhile: the version given is not the current one. */
  | { code: 'version-conflict'; current: string }
  /** The caller named versions that it may be changed from, and the current one is none of them. */
  | { code: 'precondition-failed'; current: string }
  /** The organisation must keep at least one owner. */
  | { code: 'last-owner' }
  | { code: 'too-many'; what: string; maximum: number }
  /** A pre-approval or a piece of access has ended already. */
  | { code: 'ended-already' }
  /** No matching policy names somebody to escalate to. */
  | { code: 'not-escalatable' }
  /** Only access that is active can be extended. */
  | { code: 'not-extendable'; status: string }
  /** Its access was not seen to be gone, so nothing can prove that it is. */
  | { code: 'no-receipt'; status: string }
  /** No policy lets this person take this at once. */
  | { code: 'no-break-glass' }
  /** What they took at once before was not reviewed yet. */
  | { code: 'review-owed'; request: RequestId }
  /** What was taken at once is not extended. */
  | { code: 'break-glass-ends' }
  /** Nothing was taken at once by this request, so nothing is owed. */
  | { code: 'nothing-to-review' }
  | { code: 'already-reviewed'; by: string }
  /** Something we must ask before answering did not answer: refuse on the way in. */
  | { code: 'unavailable'; what: string }
  /** A policy names something that the configuration of this server does not. */
  | { code: 'not-configured'; what: string }
  | { code: 'not-supported'; what: string }
  /** A panic holds it back until somebody lifts it. `own`: it is held back from whoever would lift it. */
  | { code: 'on-hold'; own?: true };

export type Result<T> = { ok: true; value: T } | { ok: false; rejection: Rejection };

export const accept = <T>(value: T): Result<T> => ({ ok: true, value });
export const reject = (rejection: Rejection): { ok: false; rejection: Rejection } => ({ ok: false, rejection });
