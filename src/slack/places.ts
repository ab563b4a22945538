/** Where messages go: the approval channel and people's direct messages. */
import type { WebClient } from '@slack/web-api';
import { Unreachable } from '../app/unreachable.ts';
import { Unusable } from '../app/unusable.ts';
import { canonicalEmail, type Email } from '../domain/ids.ts';
import { apiError } from './api-error.ts';
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

type Channel = NonNullable<Awaited<ReturnType<WebClient['conversations']['list']>>['channels']>[number];

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
    const id = usable(await find({ client, pace }, nameOrId, isOrgWide), nameOrId);
    channels.set(nameOrId, { at: nowMs(), id });
    return id;
  };
  const memberOf = async (email: Email): Promise<string> => {
    const linked = await identities.linkedUser(email);
    const userId = linked ?? (await pace.run('users.lookupByEmail', undefined, () => people.idOf(email)));
    if (userId === undefined) throw new Unreachable('the workspace has no member with that e-mail address');
    const address = await pace.run('users.info', undefined, () => identities.addressOf(userId));
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

type Asked = Pick<PlacesDeps, 'client' | 'pace'>;

async function find(slack: Asked, nameOrId: string, isOrgWide: boolean): Promise<Channel | undefined> {
  // Names are lower case, so an id cannot be one.
  if (/^[CG][A-Z0-9]{6,}$/.test(nameOrId)) {
    const answer = await slack.pace
      .run('conversations.info', undefined, () => slack.client.conversations.info({ channel: nameOrId }))
      .catch(unknown);
    return answer?.channel;
  }
  const name = nameOrId.replace(/^#/, '');
  if (!isOrgWide) return named(slack, name, undefined);
  const found = new Map<string | undefined, Channel>();
  for (const team of await teamsOf(slack)) {
    const channel = await named(slack, name, team);
    if (channel !== undefined) found.set(channel.id, channel);
  }
  // Whoever is in the one may not be meant to read what belongs in the other.
  if (found.size > 1) throw new Unusable(`channels of several workspaces are named ${name}; name the one that is meant by its id`);
  return [...found.values()][0];
}

/** The workspaces of the organisation in which the app may be. */
async function teamsOf({ client, pace }: Asked): Promise<readonly string[]> {
  const teams: string[] = [];
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await pace.run('auth.teams.list', undefined, () => client.auth.teams.list({ limit: 200, ...from }));
    teams.push(...(page.teams ?? []).flatMap(({ id }) => id ?? []));
    cursor = page.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== '');
  return teams;
}

/** @param teamId  an organisation's token must say in which of its workspaces */
async function named({ client, pace }: Asked, name: string, teamId: string | undefined): Promise<Channel | undefined> {
  let cursor: string | undefined;
  do {
    const where = { ...(teamId === undefined ? {} : { team_id: teamId }), ...(cursor === undefined ? {} : { cursor }) };
    const page = await pace.run('conversations.list', undefined, () =>
      client.conversations.list({ types: 'public_channel,private_channel', exclude_archived: true, limit: 200, ...where }),
    );
    const found = page.channels?.find((channel) => channel.name === name);
    if (found !== undefined) return found;
    cursor = page.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== '');
  return undefined;
}

/** Not there, or not for us to see. */
function unknown(error: unknown): undefined {
  if (apiError(error) !== 'channel_not_found') throw error;
}

function usable(channel: Channel | undefined, name: string): string {
  if (channel?.id === undefined) throw new Unusable(`there is no channel ${name}; a private one must have the app in it`);
  if (channel.is_archived === true) throw new Unusable(`channel ${name} is archived`);
  // People of other companies would read who gets what.
  if (channel.is_ext_shared === true) throw new Unusable(`channel ${name} is shared with another company`);
  return channel.id;
}
