import type { Org, RequestId } from '../domain/ids.ts';
import type { Actor } from './store.ts';

/** Steps of workflows, each by the id of its execution, that wait for what becomes of a request. */
export type StepWrites = {
  /** The request that a step waits or waited for. */
  requestOf(org: Org, execution: string): Promise<RequestId | undefined>;
  /** Lets a step wait, and has the request looked at, because it may be decided already. Twice is once. */
  begin(actor: Actor, org: Org, execution: string, request: RequestId): Promise<void>;
};

export type StepStore = Pick<StepWrites, 'requestOf'> & {
  /** Those that wait for this request and were not told. */
  waiting(org: Org, request: RequestId): Promise<readonly string[]>;
  keepTold(org: Org, execution: string): Promise<void>;
};
