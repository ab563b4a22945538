/** Where messages go: the approval channel and people's direct messages. */
import type { WebClient } from '@slack/web-api';
import type { Email } from '../domain/ids.ts';
import type { People } from './people.ts';

export type Places = {
  /** The approval channel's id. @throws where there is none that may be used. */
  approvals(): Promise<string>;
  /** The id of another channel, by its name or id. @throws as above. */
  channel(nameOrId: string): Promise<string>;
  /** The direct message channel with the member of that address. @throws where there is no such member. */
  direct(email: Email): Promise<string>;
};

type Channel = NonNullable<Awaited<ReturnType<WebClient['conversations']['list']>>['channels']>[number];

/** `approvals` is a channel's name, with or without `#`, or its id. */
export function createPlaces(client: WebClient, people: People, approvals: string): Places {
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
      const userId = await people.idOf(email);
      if (userId === undefined) throw new Error('the workspace has no member with that e-mail address');
      const known = directs.get(userId);
      if (known !== undefined) return known;
      const { channel: direct } = await client.conversations.open({ users: userId });
      if (direct?.id === undefined) throw new Error('conversations.open named no channel');
      directs.set(userId, direct.id);
      return direct.id;
    },
  };
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
