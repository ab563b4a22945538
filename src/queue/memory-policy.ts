import type { Redis } from 'ioredis';
import type { Log } from '../app/ports.ts';

/**
 * Looks whether Redis may throw jobs away, each time that the result is called, and says so when that has changed.
 * `INFO` and not `CONFIG GET`: hosted Redis servers seldom allow the latter.
 */
export function createPolicyWatch(redis: Pick<Redis, 'info'>, log: Log): () => Promise<void> {
  let last = 'noeviction';
  return async () => {
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1];
    if (policy === undefined || policy === last) return;
    last = policy;
    if (policy === 'noeviction') log.info({}, 'Redis keeps jobs again: its maxmemory-policy is noeviction');
    else log.error({ policy }, 'REDIS MAY THROW JOBS AWAY: set its maxmemory-policy to noeviction. Until then only the sweep is reliable');
  };
}
