/** Slack accounts, as `users.info` has them, kept for a minute, or until something of them changes. */
import type { WebClient } from '@slack/web-api';
import { canonicalEmail, type Email, parseEmail } from '../domain/ids.ts';
import { apiError } from './api-error.ts';

export type Account = NonNullable<Awaited<ReturnType<WebClient['users']['info']>>['user']>;

export type People = {
  /** Undefined for somebody whom this workspace does not know. */
  account(userId: string): Promise<Account | undefined>;
  /** The member with this address. Undefined also for deactivated and external people: a miss says nothing about anybody. */
  idOf(email: Email): Promise<string | undefined>;
};

/** Stands for the latest change of an account that any process has heard of. */
export type MarkOf = (userId: string) => Promise<string | undefined>;

/** Makes a call of this method when its turn comes. */
export type InTurn = <T>(method: string, call: () => Promise<T>) => Promise<T>;

/** `at`: when it was asked for. `mark`: of the latest change that was known then. */
type Kept = { readonly at: number; readonly mark: string | undefined; readonly account: Account };

const keepMs = 60_000;
const mostKept = 10_000;

/**
 * Slack tells one process of ours that an account changed, so each asks, before it believes what it has kept, whether that is of
 * before the change. Where that cannot be told, neither can who somebody is.
 * @param nowMs a clock that does not jump
 */
export function createPeople(client: WebClient, nowMs: () => number, markOf: MarkOf, inTurn: InTurn): People {
  const accounts = new Map<string, Kept>();
  const ids = new Map<string, { readonly at: number; readonly id: string }>();
  /** Whoever asks while a question is on its way gets its answer: a burst of commands is one question about each person. */
  const asked = new Map<string, Promise<Account | undefined>>();
  const ask = (userId: string, mark: string | undefined, key: string): Promise<Account | undefined> => {
    const at = nowMs();
    const answer = inTurn('users.info', () => client.users.info({ user: userId }))
      .catch(missing)
      .then((found) => {
        if (found?.user !== undefined) keep(accounts, userId, { at, mark, account: found.user });
        return found?.user;
      })
      .finally(() => asked.delete(key));
    asked.set(key, answer);
    return answer;
  };
  const isFresh = (entry: { readonly at: number } | undefined): boolean => entry !== undefined && nowMs() - entry.at < keepMs;
  const keep = <T>(map: Map<string, T>, key: string, value: T): void => {
    if (map.size >= mostKept) map.clear();
    map.set(key, value);
  };
  const account = async (userId: string): Promise<Account | undefined> => {
    const mark = await markOf(userId);
    const known = accounts.get(userId);
    if (isFresh(known) && known?.mark === mark) return known?.account;
    const key = `${userId} ${mark}`;
    return asked.get(key) ?? ask(userId, mark, key);
  };
  return {
    account,
    async idOf(email) {
      const known = ids.get(email);
      if (known !== undefined && isFresh(known) && hasAddress(await account(known.id), email)) return known.id;
      const answer = await inTurn('users.lookupByEmail', () => client.users.lookupByEmail({ email })).catch(missing);
      const id = answer?.user?.id;
      if (id !== undefined) keep(ids, email, { at: nowMs(), id });
      return id;
    },
  };
}

function hasAddress(account: Account | undefined, email: Email): boolean {
  const address = parseEmail(account?.profile?.email ?? '');
  return address !== undefined && canonicalEmail(address) === canonicalEmail(email);
}

/** Not knowing somebody is an answer; everything else is a fault. */
function missing(error: unknown): undefined {
  if (['user_not_found', 'user_not_visible', 'users_not_found'].includes(apiError(error) ?? '')) return undefined;
  throw error;
}
