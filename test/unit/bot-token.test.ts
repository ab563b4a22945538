import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BotTokenStore, KeptBotToken } from '../../src/app/bot-token-store.ts';
import { createBotToken, NoBotToken } from '../../src/app/bot-token.ts';
import { parseOrg } from '../../src/domain/ids.ts';
import { createVault } from '../../src/store/vault.ts';

const hours = 3_600_000;
const org = parseOrg('acme');
if (org === undefined) throw new Error('no organisation');

/** One process, a database that holds one token, and a Slack that gives tokens for twelve hours. */
function start() {
  let now = 0;
  let kept: { readonly sealed: string; readonly end: number } | undefined;
  let isAway = false;
  let isFull = false;
  let isMute = false;
  const used: string[] = [];
  const errors: string[] = [];
  const current = (): KeptBotToken | undefined => kept && { sealed: kept.sealed, goodForMs: kept.end - now };
  const botTokens: BotTokenStore = {
    read: async () => current(),
    async renew(_org, _seed, leastMs, renew) {
      const before = current();
      if (before !== undefined && before.goodForMs > leastMs) return before;
      const after = await renew(before?.sealed);
      if (isFull) throw new Error('the database takes nothing');
      kept = { sealed: after.sealed, end: now + after.goodForMs };
      if (isMute) throw new Error('the answer was lost');
      return after;
    },
  };
  const vault = createVault(randomBytes(32));
  const process = () =>
    createBotToken({
      store: { botTokens },
      vault,
      org: org ?? expect.unreachable(),
      seed: 'seed',
      async renew(refreshToken) {
        if (isAway) throw new Error('Slack is away');
        used.push(refreshToken);
        return { token: `token ${used.length}`, refreshToken: `refresh ${used.length}`, goodForMs: 12 * hours };
      },
      log: { info() {}, warn() {}, error: (_fields, message) => void errors.push(message) },
      monotonicMs: () => now,
    });
  return {
    token: process(),
    other: process(),
    used,
    errors,
    kept: () => kept?.sealed ?? '',
    wait: (ms: number) => void (now += ms),
    away: (is: boolean) => void (isAway = is),
    full: (is: boolean) => void (isFull = is),
    mute: (is: boolean) => void (isMute = is),
  };
}

describe('a token that is renewed', () => {
  it('comes from the refresh token of the configuration, once, whoever asks meanwhile', async () => {
    const { token, used, kept } = start();
    expect(await Promise.all([token(), token(), token()])).toEqual(['token 1', 'token 1', 'token 1']);
    expect(used).toEqual(['seed']);
    expect(kept()).not.toContain('token');
  });

  it('is followed by another two hours before its end, for which nobody waits', async () => {
    const { token, used, wait } = start();
    await token();
    wait(9.9 * hours);
    expect(await token()).toBe('token 1');
    expect(used).toHaveLength(1);
    wait(0.2 * hours);
    expect(await token()).toBe('token 1');
    await expect.poll(token).toBe('token 2');
    expect(used).toEqual(['seed', 'refresh 1']);
  });

  it('is not lost where the database does not take it', async () => {
    const { token, used, wait, full } = start();
    full(true);
    await expect(token()).rejects.toThrow(NoBotToken);
    full(false);
    wait(60_000);
    expect(await token()).toBe('token 1');
    expect(used).toEqual(['seed']);
  });

  it('does not come back once another process renewed it, where the database took it and its answer was lost', async () => {
    const { token, other, used, wait, mute } = start();
    mute(true);
    await expect(token()).rejects.toThrow(NoBotToken);
    mute(false);
    wait(61_000);
    expect(await token()).toBe('token 1');
    wait(11 * hours);
    expect(await other()).toBe('token 2');
    wait(11 * hours);
    expect(await token()).toBe('token 3');
    expect(used).toEqual(['seed', 'refresh 1', 'refresh 2']);
  });

  it('is used for as long as it is good where none follows, and that is said', async () => {
    const { token, errors, wait, away } = start();
    await token();
    away(true);
    wait(11.9 * hours);
    expect(await token()).toBe('token 1');
    await expect.poll(() => errors).toHaveLength(1);
    // Not at every call.
    expect(await token()).toBe('token 1');
    expect(errors).toHaveLength(1);
    wait(0.2 * hours);
    await expect(token()).rejects.toThrow(NoBotToken);
    away(false);
    wait(60_000);
    expect(await token()).toBe('token 2');
  });
});
