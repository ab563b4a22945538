import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Result } from '../domain/result.ts';
import { reviewBreakGlass } from './break-glass.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import { takeWaiting } from './take-waiting.ts';

export type BreakGlassDoors = {
  /** Takes at once what one waits for, by the rules of asking for it so at first. Answers with the request. */
  take(caller: Caller, id: RequestId): Promise<Result<PermissionRequest>>;
  /**
   * Puts on record that somebody looked at what was taken at once, and what they say to it: whoever could decide such a request now,
   * and security reviewers and owners, but never whoever took it.
   */
  review(caller: Caller, id: RequestId, note: string): Promise<Result<PermissionRequest>>;
};

export const createBreakGlassDoors = (deps: DecideDeps, door: Doorway): BreakGlassDoors => ({
  take: door({ scope: 'command', attempt: 'breakglass.take', about: ([id]) => id }, (caller, id) => takeWaiting(deps, caller, id)),
  review: door({ scope: 'requests:decide', attempt: 'breakglass.review', about: ([id]) => id }, (caller, id, note) =>
    reviewBreakGlass(deps, caller, id, note),
  ),
});
