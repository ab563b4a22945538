import type { RequestId } from '../domain/ids.ts';
import { reject, type Rejection, type Result } from '../domain/result.ts';
import type { Scope } from '../domain/scope.ts';
import { actorOf } from './actor.ts';
import type { Caller } from './ports.ts';
import type { Store } from './store.ts';

export type DoorRule<A extends readonly unknown[]> = {
  /** The token must have it. People who came in by themselves have all. */
  readonly scope: Scope;
  /**
   * What the audit log calls the attempt, like `policy.read`; each refusal becomes an event with this name and the
   * refusal's code.
   */
  readonly attempt: string;
  /** The request that a refusal is about. */
  readonly about?: (rest: A) => RequestId | undefined;
};

export type Doorway = <A extends readonly unknown[], T>(
  rule: DoorRule<NoInfer<A>>,
  work: (caller: Caller, ...rest: A) => Promise<Result<T>>,
) => (caller: Caller, ...rest: A) => Promise<Result<T>>;

const recorded = new WeakSet<Rejection>();

/** Did a door put this very refusal on record? */
export const isOnRecord = (rejection: Rejection): boolean => recorded.has(rejection);

/** The same refusal in the words of another entrance: it is on record where it was. */
export function reworded(rejection: Rejection, words: Rejection): Rejection {
  if (recorded.has(rejection)) recorded.add(words);
  return words;
}

/**
 * Every way in goes through here: the token's scope is looked at, and whatever is refused is put on record, whoever
 * refused it and wherever. The event stands in a transaction of its own: a refusal changes nothing else. A door behind a
 * door (a command behind `runCommand`) has recorded its refusal already.
 */
export function createDoorway(store: Pick<Store, 'recordRefusal'>): Doorway {
  return (rule, work) =>
    async (caller, ...rest) => {
      const result = caller.scopes.has(rule.scope) ? await work(caller, ...rest) : reject({ code: 'scope-required', scope: rule.scope });
      if (result.ok || isOnRecord(result.rejection)) return result;
      await store.recordRefusal(actorOf(caller), caller.org, {
        attempt: rule.attempt,
        code: result.rejection.code,
        request: rule.about?.(rest),
      });
      // A copy: a refusal that is a constant somewhere must not count as recorded the next time.
      const rejection = { ...result.rejection };
      recorded.add(rejection);
      return reject(rejection);
    };
}
