import { isHost, isUrl } from './address.ts';
import { type LogLevel, logLevels, type Role, roles, type ServerConfig } from './config-types.ts';
import { didYouMean } from './suggest.ts';
import type { Report, Variables } from './variables.ts';

function readPort(variables: Variables, report: Report): number {
  const text = variables.get('PORT') ?? '3000';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  report(`PORT must be a number from 0 to 65535, not ${JSON.stringify(text)}`);
  return 0;
}

function readHost(variables: Variables, report: Report): string {
  const host = variables.get('HOST') ?? '127.0.0.1';
  if (!isHost(host)) report(`HOST must be an address or a name such as 127.0.0.1 or 0.0.0.0, not ${JSON.stringify(host)}`);
  return host;
}

function readRoles(variables: Variables, report: Report): Set<Role> {
  const words = (variables.get('CURFEW_ROLES') ?? roles.join(',')).split(',').map((word) => word.trim());
  const found = new Set<Role>();
  for (const word of words) {
    const role = roles.find((known) => known === word);
    if (role) found.add(role);
    else report(`CURFEW_ROLES knows web and worker, separated by a comma, not ${JSON.stringify(word)}${didYouMean(word, roles)}`);
  }
  return found;
}

function readLogLevel(variables: Variables, report: Report): LogLevel {
  const text = variables.get('LOG_LEVEL') ?? 'info';
  const level = logLevels.find((known) => known === text);
  if (level) return level;
  report(`LOG_LEVEL must be one of ${logLevels.join(', ')}, not ${JSON.stringify(text)}${didYouMean(text, logLevels)}`);
  return 'info';
}

function readPublicUrl(variables: Variables, report: Report): string | undefined {
  const text = variables.get('CURFEW_PUBLIC_URL');
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url !== null && isUrl(text, ['http:', 'https:']) && !url.search && !url.hash && !url.username && !url.password)
    return url.href.replace(/\/+$/, '');
  report('CURFEW_PUBLIC_URL must be an address such as https://curfew.example.com, without user, query or fragment');
  return undefined;
}

/** What this process does, and where it listens. */
export function readServerConfig(variables: Variables, report: Report): ServerConfig {
  return {
    roles: readRoles(variables, report),
    port: readPort(variables, report),
    host: readHost(variables, report),
    logLevel: readLogLevel(variables, report),
    publicUrl: readPublicUrl(variables, report),
  };
}
