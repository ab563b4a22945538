import { afterEach, describe, expect, it, vi } from 'vitest';
import type { KeptBotToken } from '../../src/app/bot-token-store.ts';
import { approvalOf, textOf } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';
import { createWorld, org } from '../support/world.ts';

const hour = 3_600_000;
const lasting = async (sealed: string, ms = 12 * hour): Promise<KeptBotToken> => ({ sealed, goodForMs: ms });

describe('the token that all processes share', () => {
  it('is renewed by one of many that find it old at once', async () => {
    await using world = await createWorld();
    const { botTokens } = world.store;
    const seed = 'xoxe-1-seed';
    let renewals = 0;
    const renew = () => botTokens.renew(org, seed, 2 * hour, () => lasting(`token ${++renewals}`));
    const got = await Promise.all(Array.from({ length: 8 }, renew));
    expect(new Set(got.map(({ sealed }) => sealed))).toEqual(new Set(['token 1']));
    expect((await botTokens.read(org, seed))?.sealed).toBe('token 1');
  });

  it('stays what it was where the renewal fails', async () => {
    await using world = await createWorld();
    const { botTokens } = world.store;
    const seed = 'xoxe-1-seed';
    await botTokens.renew(org, seed, 0, () => lasting('old', hour));
    const failing = botTokens.renew(org, seed, 2 * hour, () => Promise.reject(new Error('lost')));
    await expect(failing).rejects.toThrow('lost');
    expect(await botTokens.read(org, seed)).toMatchObject({ sealed: 'old' });
  });

  it('starts anew with a refresh token that was never used, and never again with one that was', async () => {
    await using world = await createWorld();
    const { botTokens } = world.store;
    const [older, newer] = ['xoxe-1-older', 'xoxe-1-newer'];
    await botTokens.renew(org, older, 0, () => lasting('first'));
    expect(await botTokens.read(org, newer)).toBeUndefined();
    const given: unknown[] = [];
    const renew = (name: string) => async (kept: string | undefined) => {
      given.push(kept);
      return lasting(name);
    };
    await botTokens.renew(org, newer, 0, renew('second'));
    expect((await botTokens.read(org, older))?.sealed).toBe('second');
    await botTokens.renew(org, older, 24 * hour, renew('third'));
    expect(given).toEqual([undefined, 'second']);
  });
});

describe.each(['socket', 'http'] as const)('an app with token rotation, %s', (transport) => {
  afterEach(() => vi.restoreAllMocks());

  it('goes on when its token is over', async () => {
    let aheadMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
    const rotation = { clientId: '1.2', clientSecret: 'a client secret', refreshToken: 'xoxe-1-first', lastsSeconds: 43_200 };
    const slack = { rotation: { ...rotation, now: () => Date.now() + aheadMs } };
    await using product = await startCurfew({ transport, slack });
    const { workspace, curfew } = product;
    const renewals = () => workspace.calls.filter(({ method }) => method === 'oauth.v2.access').length;
    const ask = async (reason: string) => {
      await workspace.as('bob').command(`/access request pg role readonly --reason "${reason}" --duration 10m`);
      return approvalOf(workspace, reason);
    };
    await ask('before');
    expect(renewals()).toBe(1);
    aheadMs = 13 * hour;
    await curfew.pool.query(`update bot_tokens set expires_at = expires_at - interval '13 hours'`);
    expect(textOf(await ask('after'))).toContain('readonly');
    expect(renewals()).toBe(2);
    expect(workspace.calls.filter(({ answer }) => answer['error'] === 'token_expired')).toEqual([]);
    const { rows } = await curfew.pool.query('select sealed from bot_tokens');
    expect(JSON.stringify(rows)).not.toContain('xox');
  });
});
