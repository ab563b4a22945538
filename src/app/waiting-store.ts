import type { NextGroups } from '../domain/next-groups.ts';
import type { PermissionRequest, Person, Question } from '../domain/request.ts';
import type { Instant } from '../domain/time.ts';
import type { OnCallServices } from './ports.ts';
import type { Actor } from './store.ts';

/** What happens to a request that waits, without deciding it. None of these changes one that does not wait any more. */
export type WaitingWrites = {
  /** Puts on record that whoever is on call is asked, once. */
  escalate(
    actor: Actor,
    request: PermissionRequest,
    escalation: { readonly at: Instant; readonly reason: string | undefined; readonly services: readonly OnCallServices[] },
  ): Promise<void>;
  /** Puts on record that further groups are asked, so that their members may decide. */
  askGroups(actor: Actor, request: PermissionRequest, next: NextGroups): Promise<void>;
  /** Puts on record that the requestor asks approvers to hurry. */
  nudge(actor: Actor, request: PermissionRequest, at: Instant): Promise<void>;
  question(actor: Actor, request: PermissionRequest, question: Question): Promise<void>;
  /** `number`: of the question, from 1. */
  answer(actor: Actor, request: PermissionRequest, number: number, answer: NonNullable<Question['answer']>): Promise<void>;
  /** Makes it a request for less, and takes back what was agreed to before: that was about something else. */
  narrow(actor: Actor, request: PermissionRequest, narrowed: { readonly by: Person; readonly to: string }): Promise<void>;
};
