import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const programs = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'];
const program = programs.find((each) => existsSync(each));

/** Memory limits and policies are kept by a real server only. */
export const isRedisReal = program !== undefined;

/**
 * A Redis of one's own that may be killed: a real one where there is one, else one in JavaScript. It keeps nothing, unless it is
 * told to; then in `folder`.
 */
export async function startRedis({ folder = os.tmpdir() }: { readonly folder?: string } = {}) {
  const port = await freePort();
  let child = await start(port, folder);
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    /** One inline command such as `FLUSHALL`. @throws where the server says no */
    tell: (command: string) => tell(port, command),
    /** Killed, and there again after `awayMs`, empty. */
    async lose(awayMs: number): Promise<void> {
      await kill();
      await sleep(awayMs);
      child = await start(port, folder);
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function start(port: number, cwd: string): Promise<ChildProcess> {
  const child =
    program === undefined
      ? spawn(process.execPath, [path.join(import.meta.dirname, 'redis-stand-in.ts'), String(port)], { stdio: 'ignore' })
      : spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--hz', '100'], {
          stdio: 'ignore',
          cwd,
        });
  while (!(await answers(port))) await sleep(20);
  return child;
}

async function tell(port: number, command: string): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk) => resolve(chunk.toString()));
    socket.once('error', reject);
    socket.write(`${command}\r\n`);
  });
  socket.destroy();
  if (answer.startsWith('-')) throw new Error(`${command}: ${answer}`);
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
