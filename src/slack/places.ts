/** Where messages go: the approval channel and people's direct messages. */
import type { WebClient } from '@slack/web-api';
import { Unreachable } from '../app/unreachable.ts';
import { canonicalEmail, type Email } from '../domain/ids.ts';
import { apiError } from './api-error.ts';
import { findChannel, usable } from './channels.ts';
import type { Identities } from './identity.ts';
import type { Pace } from './pace.ts';
import type { People } from './people.ts';

export type Places = {
  /** The approval channel's id. @throws Unusable where there is none that may be used. */
  approvals(): Promise<string>;
  /** The id of another channel, by its name or id. @throws as above. */
  channel(nameOrId: string): Promise<string>;
  /**
   * The direct message channel with the person of that address: with the account that is linked to them, else with the member
   * who has the address. @throws Unreachable where there is none, or one that could not be a caller (see `identity.ts`).
   */
  direct(email: Email): Promise<string>;
  /** The channel of this id cannot be posted in any more: it is looked up again. */
  forget(channelId: string): void;
};

export type PlacesDeps = {
  readonly client: WebClient;
  readonly people: Pick<People, 'idOf'>;
  readonly identities: Pick<Identities, 'addressOf' | 'linkedUser'>;
  readonly pace: Pace;
  /** A channel's name, with or without `#`, or its id. */
  readonly approvals: string;
  /** The app is installed in a whole organisation: a name is looked for in each of its workspaces. */
  readonly isOrgWide: boolean;
  /** A clock that does not jump. */
  readonly nowMs: () => number;
};

/** A channel may be renamed, archived, or shared with another company. */
const keepMs = 300_000;

export function createPlaces({ client, people, identities, pace, approvals, isOrgWide, nowMs }: PlacesDeps): Places {
  const channels = new Map<string, { readonly at: number; readonly id: string }>();
  const channel = async (nameOrId: string): Promise<string> => {
    const known = channels.get(nameOrId);
    if (known !== undefined && nowMs() - known.at < keepMs) return known.id;
    const id = usable(await findChannel({ client, pace, isOrgWide }, nameOrId), nameOrId);
    channels.set(nameOrId, { at: nowMs(), id });
    return id;
  };
  const memberOf = async (email: Email): Promise<string> => {
    const userId = (await identities.linkedUser(email)) ?? (await people.idOf(email));
    if (userId === undefined) throw new Unreachable('the workspace has no member with that e-mail address');
    const address = await identities.addressOf(userId);
    if (address === undefined || canonicalEmail(address) !== canonicalEmail(email))
      throw new Unreachable('the account of that person is not one that may be written to');
    return userId;
  };
  const directs = new Map<string, string>();
  return {
    approvals: () => channel(approvals),
    channel,
    async direct(email) {
      const userId = await memberOf(email);
      const known = directs.get(userId);
      if (known !== undefined) return known;
      const opened = await pace.run('conversations.open', undefined, () => client.conversations.open({ users: userId })).catch(closed);
      if (opened.channel?.id === undefined) throw new Error('conversations.open named no channel');
      directs.set(userId, opened.channel.id);
      return opened.channel.id;
    },
    forget(channelId) {
      for (const [nameOrId, { id }] of channels) if (id === channelId) channels.delete(nameOrId);
    },
  };
}

/** Between the look-up and this, or because they are no person. */
function closed(error: unknown): never {
  if (['user_disabled', 'user_not_found', 'cannot_dm_bot'].includes(apiError(error) ?? ''))
    throw new Unreachable('that member takes no direct messages', { cause: error });
  throw error;
}
