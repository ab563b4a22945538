import type { Email, Org } from '../domain/ids.ts';
import type { AccountId } from './use-cases.ts';

export type LinkNotice = { readonly account: AccountId; readonly email: Email };

/** They are written together with the link, and forgotten with it, or after a week. */
export type LinkNotices = {
  /** One that is to be told now; it comes again in half a minute. */
  take(org: Org): Promise<LinkNotice | undefined>;
  /** It was told, or never can be. */
  done(org: Org, notice: LinkNotice): Promise<void>;
};
