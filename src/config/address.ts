import { isIP } from 'node:net';

/** Is it a URL of one of these protocols (`http:`)? */
export function isUrl(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  return url !== null && protocols.includes(url.protocol);
}

export const isPostgresUrl = (text: string): boolean => isUrl(text, ['postgres:', 'postgresql:']);
export const postgresForm = 'postgres://user:password@host:5432/database';

export const isHost = (text: string): boolean => isIP(text) !== 0 || /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text);

/** Can only this machine reach what listens there? */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
