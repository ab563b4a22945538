/** Channels of the workspace, by name or id, and whether they may be posted to. */
import type { WebClient } from '@slack/web-api';
import { Unusable } from '../app/unusable.ts';
import { apiError } from './api-error.ts';
import type { Pace } from './pace.ts';

export type Asked = {
  readonly client: WebClient;
  readonly pace: Pace;
  /** The app is installed in a whole organisation: a name is looked for in each of its workspaces. */
  readonly isOrgWide: boolean;
};

type Channel = NonNullable<Awaited<ReturnType<WebClient['conversations']['list']>>['channels']>[number];

/**
 * What stands in the way of messages in these channels, a sentence each.
 * @param names names or ids
 * @throws where Slack cannot be asked
 */
export async function channelProblems(slack: Asked, names: readonly string[], appName: string): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const name of new Set(names)) {
    try {
      const channel = await findChannel(slack, name);
      usable(channel, name);
      // Not in `usable`: an administrator may have let the app write where it is no member.
      if (channel?.is_member !== true) problems.push(`The app is not in channel ${name}: type /invite @${appName} there.`);
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      problems.push(`Approvals cannot be posted: ${error.message}.`);
    }
  }
  return problems;
}

/** @param nameOrId  with or without `#` @throws Unusable where several may be meant */
export async function findChannel(slack: Asked, nameOrId: string): Promise<Channel | undefined> {
  // Names are lower case, so an id cannot be one.
  if (/^[CG][A-Z0-9]{6,}$/.test(nameOrId)) {
    const answer = await slack.pace
      .run('conversations.info', undefined, () => slack.client.conversations.info({ channel: nameOrId }))
      .catch(unknown);
    return answer?.channel;
  }
  const name = nameOrId.replace(/^#/, '');
  if (!slack.isOrgWide) return named(slack, name, undefined);
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

/** @throws Unusable */
export function usable(channel: Channel | undefined, name: string): string {
  if (channel?.id === undefined) throw new Unusable(`there is no channel ${name}; a private one must have the app in it`);
  if (channel.is_archived === true) throw new Unusable(`channel ${name} is archived`);
  // People of other companies would read who gets what, as soon as they accept.
  if (channel.is_ext_shared === true || channel.is_pending_ext_shared === true)
    throw new Unusable(`channel ${name} is shared with another company`);
  return channel.id;
}
