/** Where messages go: the approval channel and people's direct messages. */
import type { WebClient } from '@slack/web-api';
import { Unreachable } from '../app/unreachable.ts';
import type { Email } from '../domain/ids.ts';
import { apiError } from './api-error.ts';
import type { Pace } from './pace.ts';
import type { People } from './people.ts';

export type Places = {
  /** The approval channel's id. @throws where there is none that may be used. */
  approvals(): Promise<string>;
  /** The id of another channel, by its name or id. @throws as above. */
  channel(nameOrId: string): Promise<string>;
  /** The direct message channel with the member of that address. @throws Unreachable where there is no such member. */
  direct(email: Email): Promise<string>;
};

type Channel = NonNullable<Awaited<ReturnType<WebClient['conversations']['list']>>['channels']>[number];

export type PlacesDeps = {
  readonly client: WebClient;
  readonly people: People;
  readonly pace: Pace;
  /** A channel's name, with or without `#`, or its id. */
  readonly approvals: string;
};

export function createPlaces({ client, people, pace, approvals }: PlacesDeps): Places {
  const channels = new Map<string, string>();
  const channel = async (nameOrId: string): Promise<string> => {
    const known = channels.get(nameOrId) ?? usable(await find(client, nameOrId), nameOrId);
    channels.set(nameOrId, known);
    return known;
  };
  const directs = new Map<string, string>();
  return {
    approvals: () => channel(approvals),
    channel,
    async direct(email) {
      const userId = await pace.run('users.lookupByEmail', undefined, () => people.idOf(email));
      if (userId === undefined) throw new Unreachable('the workspace has no member with that e-mail address');
      const known = directs.get(userId);
      if (known !== undefined) return known;
      const opened = await pace.run('conversations.open', undefined, () => client.conversations.open({ users: userId })).catch(closed);
      if (opened.channel?.id === undefined) throw new Error('conversations.open named no channel');
      directs.set(userId, opened.channel.id);
      return opened.channel.id;
    },
  };
}

/** Between the look-up and this, or because they are no person. */
function closed(error: unknown): never {
  if (['user_disabled', 'user_not_found', 'cannot_dm_bot'].includes(apiError(error) ?? ''))
    throw new Unreachable('that member takes no direct messages', { cause: error });
  throw error;
}

async function find(client: WebClient, nameOrId: string): Promise<Channel | undefined> {
  // Names are lower case, so an id cannot be one.
  if (/^[CG][A-Z0-9]{6,}$/.test(nameOrId)) return (await client.conversations.info({ channel: nameOrId })).channel;
  const name = nameOrId.replace(/^#/, '');
  let cursor: string | undefined;
  do {
    const page = await client.conversations.list({
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const found = page.channels?.find((channel) => channel.name === name);
    if (found !== undefined) return found;
    cursor = page.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== '');
  return undefined;
}

function usable(channel: Channel | undefined, name: string): string {
  if (channel?.id === undefined) throw new Error(`there is no channel ${name}; a private one must have the app in it`);
  // People of other companies would read who gets what.
  if (channel.is_ext_shared === true) throw new Error(`channel ${name} is shared with another company`);
  return channel.id;
}
