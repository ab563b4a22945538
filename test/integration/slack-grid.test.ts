import { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { Unusable } from '../../src/app/unusable.ts';
import { posting } from '../../src/domain/posting.ts';
import { someRequest } from '../support/http-app.ts';
import { startLocalSlack, TOKENS } from '../support/local-slack.ts';
import { startSlackApp } from '../support/slack-app.ts';

const picture = { request: someRequest(), choice: undefined, approvers: [], usage: undefined, secretWaits: false };
const app = 'U0CURFEW1';
const sister = { id: 'T0SISTER1', name: 'Sister' };
const enterprise = { id: 'E0LOCAL01', isOrgWide: true, teams: [sister] };
const channels = [
  { id: 'C0OURS001', name: 'ours', members: [app] },
  { id: 'C0SISTER1', name: 'sisters', members: [app], teamId: sister.id },
  { id: 'C0BOTH001', name: 'both', members: [app] },
  { id: 'C0BOTH002', name: 'both', members: [app], teamId: sister.id },
  { id: 'C0STRANGE', name: 'strangers', members: [app], teamId: 'T0OTHER01' },
];

describe('an app that is installed in a whole organisation', () => {
  it.each([
    ['ours', 'C0OURS001'],
    ['#sisters', 'C0SISTER1'],
    ['C0BOTH002', 'C0BOTH002'],
  ])('posts in channel %s', async (channel, id) => {
    await using running = await startSlackApp('http', {}, 'approvals', { enterprise, channels });
    const place = await running.app.messenger.post(posting('approval', { kind: 'channel', channel }), picture, undefined);
    expect(place).toMatchObject({ channel: id });
    const refused = running.slack.workspace.calls.filter(({ answer }) => answer['ok'] !== true);
    expect(refused).toEqual([]);
  });

  it.each([
    ['nowhere', 'there is no channel'],
    ['strangers', 'there is no channel'],
    ['both', 'several workspaces'],
  ])('does not guess which channel %s is', async (channel, words) => {
    await using running = await startSlackApp('http', {}, 'approvals', { enterprise, channels });
    const post = running.app.messenger.post(posting('approval', { kind: 'channel', channel }), picture, undefined);
    await expect(post).rejects.toThrow(Unusable);
    await expect(post).rejects.toThrow(words);
  });

  it('asks no workspace by name where it is installed in one', async () => {
    await using running = await startSlackApp('http', {}, 'approvals', { enterprise: { ...enterprise, isOrgWide: false }, channels });
    await running.app.messenger.post(posting('approval', { kind: 'channel', channel: 'both' }), picture, undefined);
    const { calls } = running.slack.workspace;
    expect(calls.filter(({ method }) => method === 'auth.teams.list')).toEqual([]);
    expect(calls.find(({ method }) => method === 'conversations.list')?.args).not.toHaveProperty('team_id');
  });
});

describe('the local workspace, of an organisation', () => {
  it('lists nothing for whoever does not say of which workspace', async () => {
    await using slack = await startLocalSlack({ enterprise, channels });
    const client = new WebClient(TOKENS.botToken, { slackApiUrl: `${slack.url}/sandbox/slack/api/`, retryConfig: { retries: 0 } });
    for (const list of [client.conversations.list, client.users.conversations, client.users.list]) {
      await expect(list({})).rejects.toMatchObject({ data: { error: 'missing_argument' } });
      await expect(list({ team_id: 'T0OTHER01' })).rejects.toMatchObject({ data: { error: 'team_access_not_granted' } });
      expect(await list({ team_id: sister.id })).toMatchObject({ ok: true });
    }
    const first = await client.auth.teams.list({ limit: 1 });
    expect(first.teams?.map(({ id }) => id)).toEqual(['T0LOCAL01']);
    const rest = await client.auth.teams.list({ limit: 1, cursor: first.response_metadata?.next_cursor ?? '' });
    expect(rest.teams).toEqual([sister]);
  });
});
