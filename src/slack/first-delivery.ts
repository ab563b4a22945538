/** Whether a delivery is the first of its kind for all processes together, and not one that Slack, or somebody, sends again. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import { keyOf } from './deliveries.ts';

/** False for a repeat: nothing is done for it. */
export type IsFirst = (body: object) => Promise<boolean>;

/** A window must be opened within three seconds. */
const patienceMs = 500;

/** Where the database does not answer, nothing is held up: what a repeat could do is stopped by the state of the request as well. */
export function createIsFirst(deps: { readonly useCases: Pick<UseCases, 'deliveries'>; readonly org: Org; readonly log: Log }): IsFirst {
  const claim = async (key: string): Promise<boolean> =>
    deps.useCases.deliveries.claim(deps.org, createHash('sha256').update(key).digest());
  return async (body) => {
    const key = keyOf(body);
    if (key === undefined) return true;
    const claimed = claim(key).catch((error: unknown) => {
      deps.log.error({ err: error }, 'could not look whether a delivery came before');
      return true;
    });
    const isFirst = await Promise.race([claimed, wait(patienceMs, true, { ref: false })]);
    if (!isFirst) deps.log.info({ key }, 'dropped a delivery that came twice');
    return isFirst;
  };
}
