import { randomBytes } from 'node:crypto';

const LIFETIME_MS = 30 * 60 * 1000;
const USES = 5;
const KEPT = 500;

/** Where an answer to an interaction goes, and the message it came from (for replace and delete). */
export type ResponseTarget = { userId: string; channelId: string; sourceTs: string | null };

export type ResponseUrls = {
  issue: (target: ResponseTarget) => string;
  use: (id: string) => { target: ResponseTarget } | { error: 'used_url' | 'expired_url' };
};

/** Five uses within thirty minutes each, as Slack gives them. */
export function createResponseUrls(now: () => number): ResponseUrls {
  const known = new Map<string, { target: ResponseTarget; left: number; expiresAtMs: number }>();
  return {
    issue: (target) => {
      const id = randomBytes(18).toString('base64url');
      known.set(id, { target, left: USES, expiresAtMs: now() + LIFETIME_MS });
      const oldest = known.keys().next();
      if (known.size > KEPT && oldest.done !== true) known.delete(oldest.value);
      return id;
    },
    use: (id) => {
      const entry = known.get(id);
      if (entry === undefined || entry.expiresAtMs < now()) return { error: 'expired_url' };
      if (entry.left === 0) return { error: 'used_url' };
      entry.left -= 1;
      return { target: entry.target };
    },
  };
}
