/** What is refused before a use case is asked: counted, because nothing else would leave a trace of it in the audit log. */
import type { RefusalCounter } from '../app/count-refusals.ts';
import { type Rejection, reject, type Result } from '../domain/result.ts';
import type { GuardWhy } from './guard.ts';

type IdentityWhy = Extract<Rejection, { code: 'identity-unknown' }>['why'];
/** `form`, `command`, `press`: what came back was not filled in, typed or made as we read it. */
export type Why = GuardWhy | IdentityWhy | 'no such address' | 'too large' | 'form' | 'command' | 'press';
export type CountRefused = (why: Why) => void;

/** In the event beside the statuses of HTTP: `slack.wrong-signature`. */
export const countRefusedBy =
  (refusals: Pick<RefusalCounter, 'count'>): CountRefused =>
  (why) =>
    refusals.count(`slack.${why.replaceAll(' ', '-')}`);

/** A button whose value names nothing: not made by us, or by a version that wrote it in another way. */
export function unreadable({ countRefused }: { readonly countRefused: CountRefused }): Result<never> {
  countRefused('press');
  return reject({ code: 'not-found' });
}
