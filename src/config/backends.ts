import { isMistypedKey } from '../domain/api-key.ts';
import { isPostgresUrl, isUrl, postgresForm } from './address.ts';
import type { DatabaseChoice, QueueChoice } from './config-types.ts';
import { Secret } from './secret.ts';
import type { Report, Variables } from './variables.ts';

/** Where Curfew's own tables are. */
export function readDatabase(variables: Variables, dataDir: string, report: Report): DatabaseChoice {
  const url = variables.get('DATABASE_URL');
  if (url === undefined) return { kind: 'embedded', dataDir };
  if (!isPostgresUrl(url)) report(`DATABASE_URL must be an address such as ${postgresForm}`);
  return { kind: 'url', url: new Secret(url) };
}

/** What wakes the workers. */
export function readQueue(variables: Variables, report: Report): QueueChoice {
  const url = variables.get('REDIS_URL');
  if (url === undefined) return { kind: 'postgres' };
  if (!isUrl(url, ['redis:', 'rediss:']))
    report('REDIS_URL must be an address such as redis://host:6379 or rediss://user:password@host:6379');
  return { kind: 'redis', url: new Secret(url) };
}

/** An API key of the first owner, to begin with. */
export const readBootstrapKey = (variables: Variables, report: Report): Secret | undefined =>
  readKey('CURFEW_BOOTSTRAP_KEY', variables, report);

/** What `/metrics` is read with. */
export const readMetricsToken = (variables: Variables, report: Report): Secret | undefined =>
  readKey('CURFEW_METRICS_TOKEN', variables, report);

/** A bearer token of somebody's making. It travels in a header, so it holds no spaces. */
function readKey(name: string, variables: Variables, report: Report): Secret | undefined {
  const key = variables.get(name);
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{32,512}$/.test(key)) report(`${name} must be 32 to 512 ASCII characters without spaces`);
  if (isMistypedKey(key)) report(`${name} looks like a key that this product made, but has a wrong character in it`);
  return new Secret(key);
}
