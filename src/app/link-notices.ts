/** Tells people that their account was linked by a sign-in: whoever did that may be somebody else. See ADR 10. */
import type { Org } from '../domain/ids.ts';
import type { LinkNotices } from './link-notices-store.ts';
import type { Log, Messenger } from './ports.ts';
import { Unreachable } from './unreachable.ts';

type Deps = { readonly store: { readonly linkNotices: LinkNotices }; readonly org: Org; readonly messenger: Messenger; readonly log: Log };

/** At least once: where it is not heard whether somebody was told, they are told again. */
export async function tellLinked({ store, org, messenger, log }: Deps): Promise<void> {
  for (let notice = await store.linkNotices.take(org); notice !== undefined; notice = await store.linkNotices.take(org)) {
    const { account, email } = notice;
    try {
      await messenger.tellLinked(account, email);
    } catch (error) {
      log.warn({ err: error, account: account.user }, 'it could not be told that an account was linked');
      if (!(error instanceof Unreachable)) continue;
    }
    await store.linkNotices.done(org, notice);
  }
}
