/** Home tabs that are drawn because something changed, and not because somebody looks at them. */
import type { WebClient } from '@slack/web-api';
import { home } from '../../blocks/home.ts';
import { decodePosition, encodePosition, type HomePosition } from '../../blocks/home-position.ts';
import { rejectionHome } from '../../blocks/notices.ts';
import type { HomeDrawn } from '../app/home-tabs-store.ts';
import type { Caller, Log, Messenger } from '../app/ports.ts';
import type { Home } from '../app/read-home.ts';
import { digestOf } from '../domain/digest.ts';
import type { Result } from '../domain/result.ts';
import { apiError } from './api-error.ts';
import type { Identities } from './identity.ts';
import type { Pace } from './pace.ts';

/** Nobody can look at such a tab. */
const unseen: readonly string[] = ['user_not_found', 'user_disabled', 'not_enabled', 'user_not_visible'];

/** The tab as this account is to see it, and what is remembered of it. */
export async function tabOf(
  caller: Result<Caller>,
  position: HomePosition,
  read: (caller: Caller, position: HomePosition) => Promise<Home>,
): Promise<{ readonly view: ReturnType<typeof home>; readonly drawn: HomeDrawn }> {
  if (!caller.ok) {
    const view = rejectionHome(caller.rejection);
    return { view, drawn: { person: undefined, shown: digestOf(view), place: '', waiting: [], overdue: undefined, drift: undefined } };
  }
  const contents = await read(caller.value, position);
  const view = home({ ...contents, position });
  return {
    view,
    drawn: {
      person: caller.value.person.id,
      shown: digestOf(view),
      place: encodePosition(position),
      waiting: contents.waiting.requests.map(({ id }) => id),
      overdue: contents.overdueCount,
      drift: contents.driftStamp,
    },
  };
}

export const createDrawHome =
  ({
    client,
    identities,
    pace,
    log,
  }: {
    readonly client: WebClient;
    readonly identities: Pick<Identities, 'shown'>;
    readonly pace: Pace;
    readonly log: Log;
  }): Messenger['drawHome'] =>
  async ({ account, place, shown }, read) => {
    const { view, drawn } = await tabOf(await identities.shown(account), decodePosition(place), read);
    if (drawn.shown === shown) return drawn;
    try {
      // What Slack has asked to wait for is not waited for here: other messages stand behind it in the queue.
      await pace.run('views.publish', undefined, () => client.views.publish({ user_id: account, view }), 0);
    } catch (error) {
      const why = apiError(error);
      if (why === undefined || !unseen.includes(why)) throw error;
      log.info({ why, account }, 'a home tab cannot be seen any more');
      return 'gone';
    }
    return drawn;
  };
