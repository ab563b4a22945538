import { randomBytes } from 'node:crypto';
import { access, constants, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, fileProblem } from './file-problem.ts';
import { hideBytes } from './secret.ts';
import type { Report, Variables } from './variables.ts';

const keyForm = '32 bytes in base64 or hexadecimal (openssl rand -base64 32)';

function parseKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return hideBytes(Buffer.from(text, 'hex'));
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  return hideBytes(Buffer.from(text, 'base64'));
}

/** Makes the data folder. @returns whether it can be written. */
export async function prepareDataFolder(dataDir: string, report: Report): Promise<boolean> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    report(`the data folder ${dataDir} cannot be written: ${fileProblem(error)}. Choose another with CURFEW_DATA_DIR`);
    return false;
  }
}

/** The key in the data folder, made at the first start. Two instances that start at once agree on one: the link can be made only once. */
async function keepKey(file: string): Promise<string> {
  const draft = `${file}.${process.pid}`;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  try {
    await writeFile(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    await link(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}

/**
 * The key that encrypts stored secrets.
 * @param folder  where it is kept if the variable is not set; undefined where every machine must be given the same
 */
export async function readSecretKey(variables: Variables, folder: string | undefined, report: Report): Promise<Buffer | undefined> {
  const given = variables.get('CURFEW_SECRET_KEY');
  if (given !== undefined) {
    const key = parseKey(given);
    if (!key) report(`CURFEW_SECRET_KEY must be ${keyForm}`);
    return key;
  }
  if (folder === undefined) {
    report(`CURFEW_SECRET_KEY is not set: with DATABASE_URL every process needs the same one, ${keyForm}`);
    return undefined;
  }
  const file = path.join(folder, 'secret.key');
  try {
    const key = parseKey((await keepKey(file)).trim());
    if (!key) report(`${file} must hold ${keyForm}`);
    return key;
  } catch (error) {
    report(`${file} cannot be used: ${fileProblem(error)}`);
    return undefined;
  }
}
