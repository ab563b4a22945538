import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withClient } from '../../src/sandbox/postgres/connect.ts';
import { isAlive, isPostgres } from '../../src/sandbox/postgres/liveness.ts';
import { installedPrograms, runnablePrograms } from '../../src/sandbox/postgres/programs.ts';
import { isOpenToAll } from '../../src/sandbox/postgres/server-user.ts';
import { type EmbeddedOptions, startEmbeddedPostgres } from '../../src/sandbox/postgres/start.ts';
import { StartProblem } from '../../src/sandbox/postgres/start-problem.ts';

// Each test starts processes that make, recover or copy a database.
vi.setConfig({ testTimeout: 60_000 });

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
const runner = path.join(import.meta.dirname, '../support/run-embedded-postgres.ts');

let root: string;
let spare: string;
let folder: string;
let children: ChildProcess[] = [];
/** A database that was made and stopped, to begin restarts with: making one takes a second. */
let stopped: string;
beforeAll(async () => {
  stopped = mkdtempSync(path.join(os.tmpdir(), 'curfew-stopped-'));
  chmodSync(stopped, 0o711);
  const server = await startEmbeddedPostgres({ folder: path.join(stopped, 'postgres'), spareRoot: stopped });
  await ask(server.url, 'create table kept as select 42 as answer');
  await server.stop();
});
afterAll(() => rmSync(stopped, { recursive: true, force: true }));
const copyStopped = () => execFileSync('cp', ['-a', path.join(stopped, 'postgres'), folder]);

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'curfew-embedded-'));
  chmodSync(root, 0o711);
  folder = path.join(root, 'postgres');
  spare = path.join(root, 'spare');
  mkdirSync(spare);
  chmodSync(spare, 0o1777);
});
afterEach(async () => {
  for (const child of children.filter((each) => each.exitCode === null && each.signalCode === null)) {
    child.stdin?.end();
    await once(child, 'exit');
  }
  children = [];
  rmSync(root, { recursive: true, force: true });
});

const start = (options: Partial<EmbeddedOptions> = {}) => startEmbeddedPostgres({ folder, spareRoot: spare, ...options });
const ask = async (url: string, sql: string) => (await withClient(url, (client) => client.query({ text: sql, rowMode: 'array' }))).rows;

/** Whoever answers: a server that started (`pid`), or the sentence of one that did not (`message`). */
async function startElsewhere(command: readonly string[] = [], at = folder) {
  const [program, ...rest] = [...command, process.execPath];
  const child = spawn(program ?? process.execPath, [...rest, runner, at, spare], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const said: { url: string; adminUrl: string; pid: number; owned: boolean; name?: string; message?: string } = JSON.parse(String(line));
  return { child, said };
}

describe('a first start', () => {
  it('is a real server, closed to everybody without the password', async () => {
    for (const pid of [process.pid, 4_194_303]) {
      // what a run leaves that was killed half-way
      mkdirSync(path.join(folder, `cluster.draft-${pid}`), { recursive: true });
      writeFileSync(path.join(folder, `cluster.draft-${pid}`, 'PG_VERSION'), '18');
    }
    vi.stubEnv('CURFEW_CANARY', 'not for PostgreSQL');
    await using server = await start({ throwaway: true });
    vi.unstubAllEnvs();
    expect(server).toMatchObject({ owned: true, notes: [], folder });
    expect(await ask(server.url, 'show server_encoding')).toEqual([['UTF8']]);
    const locale = 'select datlocprovider, datlocale from pg_database where datname = current_database()';
    expect(await ask(server.url, locale)).toEqual([['b', 'C.UTF-8']]);
    expect(await ask(server.url, `select current_database(), upper('é')`)).toEqual([['curfew', 'É']]);
    expect(await ask(server.adminUrl, 'show listen_addresses')).toEqual([['127.0.0.1']]);
    const verifier = `select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'postgres'`;
    expect(await ask(server.adminUrl, verifier)).toEqual([[true]]);
    await expect(ask(server.url.replace(/:[^:@/]+@/, ':wrong@'), 'select 1')).rejects.toThrow('password authentication failed');
    expect(statSync(path.join(folder, 'superuser.secret')).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(folder, 'cluster')).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).filter((name) => name.includes('draft') || name.startsWith('.password'))).toEqual([]);
    if (isLinux) {
      expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
      expect(readFileSync(`/proc/${server.pid}/environ`, 'utf8')).not.toContain('CANARY');
    }

    // A login that was only made has no way into its databases.
    await ask(server.adminUrl, `create role visitor login password 'v'`);
    for (const database of ['curfew', 'postgres', 'template1'])
      await expect(ask(`postgres://visitor:v@127.0.0.1:${server.port}/${database}`, 'select 1')).rejects.toThrow(
        'permission denied for database',
      );

    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('a restart', () => {
  beforeEach(copyStopped);
  const kept = 'select answer from kept';

  it('keeps data, password and port', async () => {
    const first = await start();
    await ask(first.url, 'update kept set answer = 43');
    await first.stop();
    await using second = await start();
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, kept)).toEqual([[43]]);
  });

  it('takes another port when the last one is taken, and says so when it was asked for', async () => {
    const squatter = net.createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    writeFileSync(path.join(folder, 'port'), String(port));
    const refused = start({ port });
    await expect(refused).rejects.toThrow(StartProblem);
    await expect(refused).rejects.toThrow(`Port ${port} on 127.0.0.1, where PostgreSQL should listen, is taken`);
    await using second = await start();
    expect(second.port).not.toBe(port);
    squatter.close();
  });

  it('recovers what was committed before the postmaster was killed', async () => {
    const first = await start();
    await ask(first.url, 'update kept set answer = 44');
    process.kill(first.pid, 'SIGKILL');
    await using second = await start();
    expect(second.owned).toBe(true);
    expect(await ask(second.url, kept)).toEqual([[44]]);
  });

  it('is not held up by a zombie in the lock file', async () => {
    const { uid, gid } = statSync(path.join(folder, 'cluster'));
    // The second program replaces the shell, knows nothing of the shell's child and never collects it.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(isRoot ? { uid, gid } : {}),
    });
    children.push(parent);
    const zombie = Number((await once(parent.stdout, 'data'))[0]);
    await vi.waitUntil(() => !isAlive(zombie));
    expect(() => process.kill(zombie, 0)).not.toThrow();
    const lock = path.join(folder, 'cluster/postmaster.pid');
    writeFileSync(lock, `${zombie}\n${folder}/cluster\n1\n1\n\n127.0.0.1\n        0         0\nready\n`);
    chownSync(lock, uid, gid);
    await using second = await start();
    expect(await ask(second.url, kept)).toEqual([[42]]);
  });

  it('is not deceived by another program with the number in the lock file', async () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isPostgres(process.pid)).toBe(false);
    writeFileSync(path.join(folder, 'cluster/postmaster.pid'), `${process.pid}\n${folder}/cluster\n1\n1\n`);
    await using second = await start();
    expect(second.owned).toBe(true);
  });

  it('says that the password is lost', async () => {
    rmSync(path.join(folder, 'superuser.secret'));
    await expect(start()).rejects.toThrow('superuser.secret is missing');
  });

  it("passes on PostgreSQL's own reason", async () => {
    writeFileSync(path.join(folder, 'cluster/PG_VERSION'), '9.6\n');
    await expect(start()).rejects.toThrow('PostgreSQL did not start: database files are incompatible with server.');
  });
});

describe('several processes', () => {
  it('share one server, which the first one stops', async () => {
    copyStopped();
    await using first = await start();
    const { child, said } = await startElsewhere();
    expect(said).toMatchObject({ url: first.url, pid: first.pid, owned: false });
    child.stdin?.end();
    await once(child, 'exit');
    expect(await ask(first.url, 'select 1')).toEqual([[1]]);
  });

  it('agree when they start at once for the first time', async () => {
    const all = await Promise.all([startElsewhere(), startElsewhere()]);
    expect(new Set(all.map(({ said }) => said.url)).size).toBe(1);
    expect(all.filter(({ said }) => said.owned)).toHaveLength(1);
  });

  it.runIf(isLinux)('PostgreSQL stops when its process is killed, and what was committed is there', async () => {
    copyStopped();
    const { child, said } = await startElsewhere();
    await ask(said.url, 'update kept set answer = 45');
    child.kill('SIGKILL');
    await vi.waitUntil(() => !isAlive(said.pid), { timeout: 5_000 });
    await using next = await start();
    expect(next.owned).toBe(true);
    expect(await ask(next.url, 'select answer from kept')).toEqual([[45]]);
  });

  it('take over a server whose process is gone', async () => {
    copyStopped();
    const first = await start();
    writeFileSync(path.join(folder, 'owner.pid'), '4194303');
    await using second = await start();
    expect(second).toMatchObject({ pid: first.pid, owned: true, notes: ['took over a PostgreSQL that a killed run left behind'] });
  });
});

describe('places', () => {
  // Only root is refused by PostgreSQL, so only root has to go elsewhere.
  it('root goes to the spare folder from one that is closed, and trusts only its own', async () => {
    const closed = path.join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const options = { folder: path.join(closed, 'postgres') };
    const first = await start(options);
    await first.stop();
    const second = await start(options);
    await second.stop();
    expect(second.url).toBe(first.url);
    if (!isRoot) return expect(second.folder).toBe(options.folder);
    expect(path.dirname(second.folder)).toBe(spare);
    expect(second.notes).toEqual([expect.stringContaining(`may not enter ${closed}`)]);

    chownSync(second.folder, 65_534, 65_534);
    await expect(start(options)).rejects.toThrow('was made by somebody else and is not trusted');
    rmSync(second.folder, { recursive: true });
    symlinkSync(closed, second.folder);
    await expect(start(options)).rejects.toThrow('was made by somebody else and is not trusted');
  });

  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

  it('runs as a plain user, and root carries on as that user', async () => {
    const asNobody = isRoot && isLinux && isOpenToAll(path.dirname(runner)) && isOpenToAll(process.execPath);
    mkdirSync(folder);
    if (asNobody) chownSync(folder, 65_534, 65_534);
    const { child, said } = await startElsewhere(asNobody ? nobody : []);
    expect(said.message).toBeUndefined();
    child.stdin?.end();
    await once(child, 'exit');
    await using server = await start();
    expect(server.url).toBe(said.url);
    const owner = statSync(path.join(folder, 'cluster')).uid;
    if (asNobody) expect(owner).toBe(65_534);
    if (isLinux) expect(statSync(`/proc/${server.pid}`).uid).toBe(owner);
  });

  it.runIf(isRoot && isLinux)('a plain user is told that the folder is closed', async () => {
    mkdirSync(folder);
    const { said } = await startElsewhere(nobody);
    expect(said.name).toBe('StartProblem');
    expect(said.message).toContain(`The database folder ${folder} cannot be used: permission denied.`);
  });

  it('says what is wrong with the folder', async () => {
    writeFileSync(path.join(root, 'file'), '');
    await expect(start({ folder: path.join(root, 'file/postgres') })).rejects.toThrow(
      new StartProblem(
        `The database folder ${root}/file/postgres cannot be used: there is a file of that name. Choose another with CURFEW_DATA_DIR.`,
      ),
    );
    mkdirSync(path.join(folder, 'cluster'), { recursive: true });
    writeFileSync(path.join(folder, 'cluster/photo.jpg'), '');
    await expect(start()).rejects.toThrow('cluster holds files that are no PostgreSQL database');
    expect(existsSync(path.join(folder, 'cluster/photo.jpg'))).toBe(true);
  });
});

describe('programs', () => {
  it('are linked where the install scripts did not run, and copied from where they cannot run', () => {
    const installed = path.join(root, 'closed/native');
    cpSync(installedPrograms(), installed, {
      recursive: true,
      filter: (from) => !lstatSync(from).isSymbolicLink() && !from.includes('/share'),
    });
    chmodSync(path.join(root, 'closed'), 0o700);
    chmodSync(path.join(installed, 'bin/postgres'), 0o700);
    expect(runnablePrograms(installed, false, spare)).toBe(installed);
    const links = (at: string) =>
      readdirSync(path.join(at, 'lib')).filter((name) => lstatSync(path.join(at, 'lib', name)).isSymbolicLink());
    if (isLinux) expect(links(installed).length).toBeGreaterThan(5);

    const copy = runnablePrograms(installed, true, spare);
    expect(copy).not.toBe(installed);
    expect(isOpenToAll(path.join(copy, 'bin/postgres'))).toBe(true);
    expect(links(copy)).toEqual(links(installed));
    expect(runnablePrograms(installed, true, spare)).toBe(copy);
  });
});
