import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { errorCode, fileProblem } from './file-problem.ts';

/** The variables that are set. An empty one counts as unset. */
export type Variables = ReadonlyMap<string, string>;

/** Takes a sentence for the person who must repair the configuration. It never holds a secret. */
export type Report = (problem: string) => void;

/** A `.env` in the working folder, except in production. */
async function readDotenv(folder: string, report: Report): Promise<Record<string, string | undefined>> {
  const file = path.join(folder, '.env');
  try {
    return parseEnv(await readFile(file, 'utf8'));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') report(`${file} cannot be read: ${fileProblem(error)}`);
    return {};
  }
}

/** The real variables over those of `.env`: one that is set, even to nothing, hides the file's. */
export async function readVariables(env: Record<string, string | undefined>, folder: string, report: Report): Promise<Variables> {
  const file = env['NODE_ENV'] === 'production' ? {} : await readDotenv(folder, report);
  const real = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  const set = new Map<string, string>();
  for (const [name, value] of Object.entries({ ...file, ...real })) if (value !== undefined && value !== '') set.set(name, value);
  return set;
}
