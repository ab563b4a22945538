/** Home tabs that are drawn because something changed, and not because somebody looks at them. */
import type { WebClient } from '@slack/web-api';
import { home } from '../../blocks/home.ts';
import { decodePosition, encodePosition, type HomePosition } from '../../blocks/home-position.ts';
import type { HomeDrawn } from '../app/home-tabs-store.ts';
import type { Log, Messenger } from '../app/ports.ts';
import type { Home } from '../app/read-home.ts';
import { digestOf } from '../domain/digest.ts';
import { apiError } from './api-error.ts';
import type { Identities } from './identity.ts';
import type { Pace } from './pace.ts';

/** Nobody can look at such a tab. */
const unseen: readonly string[] = ['user_not_found', 'user_disabled', 'not_enabled', 'user_not_visible'];

/** A tab of these contents, and what is remembered of it. */
export function viewOf(contents: Home, position: HomePosition): { readonly view: ReturnType<typeof home>; readonly drawn: HomeDrawn } {
  const view = home({ ...contents, position });
  return {
    view,
    drawn: {
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
    readonly identities: Pick<Identities, 'caller'>;
    readonly pace: Pace;
    readonly log: Log;
  }): Messenger['drawHome'] =>
  async ({ account, person, place, shown }, read) => {
    const caller = await identities.caller(account);
    // Whoever it belongs to now opens it by themselves.
    if (!caller.ok || caller.value.person.id !== person.id) return 'gone';
    const position = decodePosition(place);
    const { view, drawn } = viewOf(await read(caller.value, position), position);
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
