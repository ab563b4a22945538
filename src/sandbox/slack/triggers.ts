import { randomBytes } from 'node:crypto';

const LIFETIME_MS = 3000;
const KEPT = 1000;

export type Triggers = {
  /** A trigger_id for this person: good for 3 s, once. */
  issue: (userId: string) => string;
  /** Whose it was, or Slack's error name. */
  spend: (triggerId: string) => { userId: string } | { error: string };
};

export function createTriggers(now: () => number): Triggers {
  const known = new Map<string, { userId: string; expiresAtMs: number; spent: boolean }>();
  let count = 0;
  return {
    issue: (userId) => {
      count += 1;
      const id = `${now()}.${count}.${randomBytes(12).toString('hex')}`;
      known.set(id, { userId, expiresAtMs: now() + LIFETIME_MS, spent: false });
      const oldest = known.keys().next();
      if (known.size > KEPT && oldest.done !== true) known.delete(oldest.value);
      return id;
    },
    spend: (triggerId) => {
      const trigger = known.get(triggerId);
      if (trigger === undefined) return { error: 'invalid_trigger_id' };
      if (trigger.spent) return { error: 'exchanged_trigger_id' };
      if (trigger.expiresAtMs < now()) return { error: 'expired_trigger_id' };
      trigger.spent = true;
      return { userId: trigger.userId };
    },
  };
}
