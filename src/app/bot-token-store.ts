/** The token of a Slack app whose tokens are renewed: one for all processes, and each renewal is made by one of them. */
import type { Org } from '../domain/ids.ts';

/** `sealed` is only read by who sealed it. */
export type KeptBotToken = { readonly sealed: string; readonly goodForMs: number };

export type BotTokenStore = {
  /** Undefined where nothing came of this seed yet. @param seed the refresh token of the configuration; only its hash is kept */
  read(org: Org, seed: string): Promise<KeptBotToken | undefined>;
  /**
   * Renews what is not good for `leastMs` any more, while no other process can. Where another was first, its token comes back.
   *
   * A seed that is seen for the first time starts anew: `renew` gets nothing. One that was used before is not used again,
   * whatever came after it, so that processes of an older configuration do not take the token away from newer ones.
   */
  renew(org: Org, seed: string, leastMs: number, renew: (kept: string | undefined) => Promise<KeptBotToken>): Promise<KeptBotToken>;
};
