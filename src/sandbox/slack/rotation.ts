import { randomBytes } from 'node:crypto';
import { type Json, textOf } from './json.ts';
import type { Refusal } from './modals.ts';

/** An app with token rotation: its bot tokens are over after a while, and each refresh token is good once. */
export type RotationOptions = {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  lastsSeconds: number;
  /** Epoch milliseconds; for tests of what expires. */
  now?: (() => number) | undefined;
};

export type Rotation = {
  /** Why a bot token does not count; undefined where it does. */
  problem: (token: string) => 'token_expired' | 'invalid_auth' | undefined;
  /** The method `oauth.v2.access`, which needs no token. */
  access: (args: Json) => (Json & { ok: true }) | Refusal;
};

export function createRotation({ clientId, clientSecret, refreshToken, lastsSeconds, now = Date.now }: RotationOptions): Rotation {
  const until = new Map<string, number>();
  let next = refreshToken;
  return {
    problem(token) {
      const end = until.get(token);
      if (end === undefined) return 'invalid_auth';
      return now() < end ? undefined : 'token_expired';
    },
    access(args) {
      if (textOf(args['client_id']) !== clientId) return { ok: false, error: 'invalid_client_id' };
      if (textOf(args['client_secret']) !== clientSecret) return { ok: false, error: 'bad_client_secret' };
      if (textOf(args['grant_type']) !== 'refresh_token') return { ok: false, error: 'invalid_grant_type' };
      if (textOf(args['refresh_token']) !== next) return { ok: false, error: 'invalid_refresh_token' };
      const token = `xoxe.xoxb-1-${randomBytes(12).toString('hex')}`;
      next = `xoxe-1-${randomBytes(12).toString('hex')}`;
      until.set(token, now() + lastsSeconds * 1000);
      return { ok: true, access_token: token, token_type: 'bot', refresh_token: next, expires_in: lastsSeconds };
    },
  };
}
