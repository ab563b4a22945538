/** Slack accounts, as `users.info` has them, kept for a minute. */
import type { WebClient } from '@slack/web-api';
import type { Email } from '../domain/ids.ts';
import { apiError } from './api-error.ts';

export type Account = NonNullable<Awaited<ReturnType<WebClient['users']['info']>>['user']>;

export type People = {
  /** Undefined for somebody whom this workspace does not know. */
  account(userId: string): Promise<Account | undefined>;
  /** The member with this address. Undefined also for deactivated and external people: a miss says nothing about anybody. */
  idOf(email: Email): Promise<string | undefined>;
  forget(userId: string): void;
};

const keepMs = 60_000;
const mostKept = 10_000;

/** @param nowMs a clock that does not jump */
export function createPeople(client: WebClient, nowMs: () => number): People {
  const accounts = new Map<string, { readonly at: number; readonly account: Account }>();
  const ids = new Map<string, { readonly at: number; readonly id: string }>();
  /** Whoever asks while a question is on its way gets its answer: a burst of commands is one question about each person. */
  const asked = new Map<string, Promise<Account | undefined>>();
  const ask = (userId: string): Promise<Account | undefined> => {
    const answer: Promise<Account | undefined> = client.users
      .info({ user: userId })
      .catch(missing)
      .then((found) => {
        // Not where it was forgotten meanwhile: then it may be of before the change.
        if (found?.user !== undefined && asked.get(userId) === answer) keep(accounts, userId, { at: nowMs(), account: found.user });
        return found?.user;
      })
      .finally(() => {
        if (asked.get(userId) === answer) asked.delete(userId);
      });
    asked.set(userId, answer);
    return answer;
  };
  const isFresh = (entry: { readonly at: number } | undefined): boolean => entry !== undefined && nowMs() - entry.at < keepMs;
  const keep = <T>(map: Map<string, T>, key: string, value: T): void => {
    if (map.size >= mostKept) map.clear();
    map.set(key, value);
  };
  return {
    async account(userId) {
      const known = accounts.get(userId);
      return isFresh(known) ? known?.account : (asked.get(userId) ?? ask(userId));
    },
    async idOf(email) {
      const known = ids.get(email);
      if (isFresh(known)) return known?.id;
      const answer = await client.users.lookupByEmail({ email }).catch(missing);
      const id = answer?.user?.id;
      if (id !== undefined) keep(ids, email, { at: nowMs(), id });
      return id;
    },
    forget(userId) {
      accounts.delete(userId);
      asked.delete(userId);
      for (const [email, { id }] of ids) if (id === userId) ids.delete(email);
    },
  };
}

/** Not knowing somebody is an answer; everything else is a fault. */
function missing(error: unknown): undefined {
  if (['user_not_found', 'user_not_visible', 'users_not_found'].includes(apiError(error) ?? '')) return undefined;
  throw error;
}
