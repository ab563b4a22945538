import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLoopback } from './config/address.ts';
import { readAccessFile } from './config/access-file.ts';
import { readBootstrapKey, readDatabase, readMetricsToken, readQueue } from './config/backends.ts';
import type { Config } from './config/config-types.ts';
import { Secret } from './config/secret.ts';
import { prepareDataFolder, readSecretKey } from './config/secret-key.ts';
import { readServerConfig } from './config/server-config.ts';
import { readSlack } from './config/slack-choice.ts';
import { readVariables } from './config/variables.ts';

export type * from './config/config-types.ts';
export { Secret } from './config/secret.ts';

/** `listen` is there where HOST and PORT are sound, whatever else is not: whether they are free can be tried all the same. */
export type ConfigReading =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[]; readonly listen: Pick<Config, 'host' | 'port'> | undefined };

const sampleFile = fileURLToPath(new URL('./sandbox/curfew.sample.yaml', import.meta.url));
const sampleVariable = 'SAMPLE_DATABASE_URL';
const sampleReference = `\${${sampleVariable}}`;

/**
 * Reads the variables (and `.env` outside production) and `curfew.yaml`, and reports every problem of both at once.
 * With the embedded database it also makes the data folder and, the first time, the secret key in it.
 * @param folder  the working folder: relative paths and `.env` begin there
 */
export async function readConfig(
  env: Record<string, string | undefined> = process.env,
  { folder = process.cwd() }: { folder?: string } = {},
): Promise<ConfigReading> {
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const variables = await readVariables(env, folder, report);
  const at = (name: string, fallback: string) => path.resolve(folder, variables.get(name) ?? fallback);

  const dataDir = at('CURFEW_DATA_DIR', '.curfew');
  const server = readServerConfig(variables, report);
  const listen = problems.some((problem) => /^(HOST|PORT) /.test(problem)) ? undefined : server;
  const database = readDatabase(variables, dataDir, report);
  const queue = readQueue(variables, report);
  const slack = readSlack(variables, server.host, report);
  const bootstrapKey = readBootstrapKey(variables, report);
  const metricsToken = readMetricsToken(variables, report);
  const isEmbedded = database.kind === 'embedded';
  const canKeep = !isEmbedded || (await prepareDataFolder(dataDir, report));
  const secretKey = canKeep ? await readSecretKey(variables, isEmbedded ? dataDir : undefined, report) : undefined;
  const promised = isEmbedded && !variables.has(sampleVariable) ? sampleVariable : undefined;
  const access = await readAccessFile(at('CURFEW_CONFIG', sampleFile), { variables, promised }, report);

  if (access?.signIn !== undefined && server.roles.has('web') && !isSafeForSignIn(server))
    report('CURFEW_PUBLIC_URL must be an https address: people sign in to Curfew (signIn), and are led back to it');
  if (problems.length > 0 || !access || !slack || !secretKey) return { ok: false, problems, listen };
  const isSample = !variables.has('CURFEW_CONFIG');
  const wantsSampleDatabase = access.integrations.some((each) => each.url.reveal().includes(sampleReference));
  return {
    ok: true,
    config: { ...access, ...server, database, queue, slack, bootstrapKey, metricsToken, secretKey, dataDir, isSample, wantsSampleDatabase },
  };
}

/** Cookies and codes travel in it: only on one's own machine it may be without TLS. */
function isSafeForSignIn({ publicUrl, host }: Pick<Config, 'publicUrl' | 'host'>): boolean {
  const url = publicUrl === undefined ? undefined : URL.parse(publicUrl);
  return url === undefined ? isLoopback(host) : url?.protocol === 'https:' || isLoopback(url?.hostname.replace(/^\[|\]$/g, '') ?? '');
}

/** The configuration with the address of the embedded sample database, once that runs. */
export function withSampleUrl(config: Config, url: string): Config {
  const integrations = config.integrations.map((each) => ({
    ...each,
    url: new Secret(each.url.reveal().replaceAll(sampleReference, () => url)),
  }));
  return { ...config, integrations, wantsSampleDatabase: false };
}
