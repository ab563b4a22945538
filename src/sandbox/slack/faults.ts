/**
 * A fault to come, for tests of what happens when Slack does not play along:
 * an HTTP status, Slack's error name, a connection cut before the call is carried out (`drop`)
 * or after it (`lostReply`), a call that is neither carried out nor answered (`hang`), or a rate limit that asks to wait for so
 * many seconds.
 */
export type Fault =
  | { status: number }
  | { error: string }
  | { drop: true }
  | { lostReply: true }
  | { hang: true }
  | { retryAfterSeconds: number };

export type Faults = {
  /** The next call of this method (or `response_url`) meets this fault; several queue up. */
  next: (method: string, fault: Fault) => void;
  /** Every call of this method (`*`: of any) meets this fault until it is undefined again; those of `next` come first. */
  every: (method: string, fault: Fault | undefined) => void;
  take: (method: string) => Fault | undefined;
};

export function createFaults(): Faults {
  const queues = new Map<string, Fault[]>();
  const lasting = new Map<string, Fault>();
  return {
    next: (method, fault) => {
      queues.set(method, [...(queues.get(method) ?? []), fault]);
    },
    every: (method, fault) => {
      if (fault === undefined) lasting.delete(method);
      else lasting.set(method, fault);
    },
    take: (method) => queues.get(method)?.shift() ?? lasting.get(method) ?? lasting.get('*'),
  };
}
