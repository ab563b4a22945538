import type { Org, RequestId } from '../domain/ids.ts';
import type { Actor } from './store.ts';

export type FailedStep = { readonly execution: string; readonly why: string };

/** Steps of workflows, each by the id of its execution, that wait for what becomes of a request, or failed. */
export type StepWrites = {
  /** Whether a step waits or waited for a request, or failed: then there is nothing to begin. */
  isKnown(org: Org, execution: string): Promise<boolean>;
  /** Lets a step wait, and has the request looked at, because it may be decided already. Twice is once. */
  begin(actor: Actor, org: Org, execution: string, request: RequestId): Promise<void>;
};

export type StepStore = Pick<StepWrites, 'isKnown'> & {
  /** Those that wait for this request and were not told. */
  waiting(org: Org, request: RequestId): Promise<readonly string[]>;
  keepTold(org: Org, execution: string): Promise<void>;
  /** Puts down that a step failed, unless it waits for a request. Twice is once. */
  fail(org: Org, failed: FailedStep): Promise<void>;
  /** One that failed within the last week and is to be told now; where it is not, it comes again in half a minute. */
  takeFailed(org: Org): Promise<FailedStep | undefined>;
};
