import type { Org } from '../domain/ids.ts';
import type { BotTokenStore, KeptBotToken } from './bot-token-store.ts';
import type { Log, Vault } from './ports.ts';

/** What Slack gives for a refresh token, which is used up by it. */
export type RenewedToken = { readonly token: string; readonly refreshToken: string; readonly goodForMs: number };

/** There is no token that is still good. Slack may give one the next time, so nothing is given up. */
export class NoBotToken extends Error {}

type Deps = {
  readonly store: { readonly botTokens: BotTokenStore };
  readonly vault: Vault;
  readonly org: Org;
  /** The refresh token of the configuration: it is good for the first renewal only. */
  readonly seed: string;
  /** @throws where Slack refuses, or does not answer */
  readonly renew: (refreshToken: string) => Promise<RenewedToken>;
  readonly log: Log;
  /** Of a clock that is never set. */
  readonly monotonicMs: () => number;
};

/** Slack's tokens last twelve hours; Slack's own libraries renew them as early. */
const earlyMs = 2 * 3_600_000;
/** Slack's counter and ours may differ by as much; a token this close to its end is not used. */
const marginMs = 30_000;
const pauseMs = 60_000;

type Pair = Pick<RenewedToken, 'token' | 'refreshToken'>;

/**
 * Gives the bot token that is good now, for apps whose tokens are renewed. It is shared through the database: of many
 * processes one renews it, early enough that nobody waits and that a renewal may fail for two hours before anything does.
 *
 * @throws {NoBotToken} where the last one is over and no new one was to be had
 */
export function createBotToken({ store, vault, org, seed, renew, log, monotonicMs }: Deps): () => Promise<string> {
  const label = `bot-token:${org}`;
  let held: { readonly token: string; readonly goodUntil: number } | undefined;
  /** What Slack gave and the database did not take: the refresh token before it is used up, so it must not be lost. */
  let unkept: { readonly after: string | undefined; readonly sealed: string; readonly goodUntil: number } | undefined;
  let underWay: Promise<void> | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;

  const open = (sealed: string): Pair => JSON.parse(vault.open(sealed, label)) as Pair; // sealed by us only, below
  const hold = ({ sealed, goodForMs }: KeptBotToken): void => {
    held = { token: open(sealed).token, goodUntil: monotonicMs() + goodForMs - marginMs };
  };
  const renewKept = async (sealed: string | undefined): Promise<KeptBotToken> => {
    // Where the database has another one by now it took that pair all the same, or somebody else renewed: then it is used up.
    if (unkept !== undefined && unkept.after === sealed) return { sealed: unkept.sealed, goodForMs: unkept.goodUntil - monotonicMs() };
    const { token, refreshToken, goodForMs } = await renew(sealed === undefined ? seed : open(sealed).refreshToken);
    const pair: Pair = { token, refreshToken };
    unkept = { after: sealed, sealed: vault.seal(JSON.stringify(pair), label), goodUntil: monotonicMs() + goodForMs };
    return { sealed: unkept.sealed, goodForMs };
  };
  const refresh = async (): Promise<void> => {
    const kept = await store.botTokens.read(org, seed);
    if (kept !== undefined) hold(kept);
    if (kept !== undefined && kept.goodForMs > earlyMs) return;
    hold(await store.botTokens.renew(org, seed, earlyMs, renewKept));
    unkept = undefined;
    log.info({}, 'the Slack token was renewed');
  };
  const refreshOnce = (): Promise<void> =>
    (underWay ??= refresh()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the Slack token could not be renewed; it is tried again every minute');
      })
      .finally(() => {
        underWay = undefined;
        // Also after a success: a token that lasts less than we renew early must not be renewed at every call.
        notBefore = monotonicMs() + pauseMs;
      }));
  return async () => {
    const isFresh = held !== undefined && monotonicMs() < held.goodUntil - (earlyMs - marginMs);
    if (!isFresh && monotonicMs() >= notBefore) {
      const refreshing = refreshOnce();
      // While the one at hand is good, nobody waits for the next.
      if (held === undefined || monotonicMs() >= held.goodUntil) await refreshing;
    }
    if (held === undefined || monotonicMs() >= held.goodUntil) throw new NoBotToken('the Slack token is over and could not be renewed');
    return held.token;
  };
}
