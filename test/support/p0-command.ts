import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { P0, P0Login, P0Run } from './p0-client.ts';
import type { OpenP0Home } from './p0-home.ts';

/** The built command that P0_CLI names: a script, or a program of its own. */
export const p0Path = process.env['P0_CLI'];

const longestRunMs = 60_000;

/** One home folder, and a working folder with nothing in it: the command reads a `.env` that it finds there. */
async function createHome(within = os.tmpdir()) {
  const folder = await mkdtemp(path.join(within, 'curfew-p0-'));
  for (const name of ['home', 'work']) await mkdir(path.join(folder, name));
  return { folder, home: path.join(folder, 'home'), work: path.join(folder, 'work') };
}

/**
 * Runs it with nothing of this process' environment but the path. `P0_APP_URL` is always ours: a command that finds itself
 * logged out would otherwise turn to the vendor's servers.
 */
function runCommand(place: { home: string; work: string }, appUrl: string, words: readonly string[], more: Record<string, string> = {}) {
  if (p0Path === undefined) throw new Error('P0_CLI names no command');
  const isScript = /\.[cm]?js$/.test(p0Path);
  const env = { PATH: process.env['PATH'], HOME: place.home, P0_ENV: 'local', P0_APP_URL: appUrl, ...more };
  const [file, args] = isScript ? [process.execPath, [p0Path, ...words]] : [p0Path, [...words]];
  return new Promise<P0Run>((resolve) => {
    execFile(file, args, { cwd: place.work, env, timeout: longestRunMs }, (error, stdout, stderr) => {
      // A run that was killed, or never began, has no number for its end, and passes for none.
      const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exit, stdout: stdout.trimEnd(), stderr });
    }).stdin?.end();
  });
}

/** Every run in a home of its own, with what a log-in would have left there. */
export const p0Command: P0 = async (login, ...words) => {
  const { folder, ...place } = await createHome();
  try {
    await writeLogin(place.home, login);
    return await runCommand(place, login.url, words);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function writeLogin(home: string, { url, org, token }: P0Login): Promise<void> {
  const state = path.join(home, '.p0-local');
  await mkdir(state);
  const identity = {
    credential: { access_token: token, expires_at: 4_102_444_800 },
    org: { slug: org, useProviderToken: true, auth: {} },
  };
  await writeFile(path.join(state, 'identity.json'), JSON.stringify(identity));
  await writeFile(path.join(state, 'config.json'), JSON.stringify({ appUrl: url, skipVersionCheck: 'true' }));
}

/** Every home keeps what the log-in leaves there. */
export const p0CommandHome: OpenP0Home = async ({ appUrl, certificate, folder: within }) => {
  const { folder, ...place } = await createHome(within);
  const file = path.join(folder, 'certificate.pem');
  await writeFile(file, certificate);
  return (...words) => runCommand(place, appUrl, words, { NODE_EXTRA_CA_CERTS: file });
};
