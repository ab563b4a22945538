/** Curfew's processes: one that answers people, others that work. Whoever dies is replaced at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Life, Trouble } from './excuses.ts';
import { choose, type Fate, nameOf, type Role, type Stage } from './points.ts';
import type { Chance } from './random.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');
const failpoints = path.resolve(import.meta.dirname, 'failpoints.ts');

/** More workers than are needed, so that nearly always some are in the middle of something while others start. */
const everybody: readonly Role[] = ['web', 'worker', 'worker', 'worker', 'worker', 'worker'];

/** Whoever is up and has not died at its point is killed from outside within this. Without a web process nobody asks. */
const livesMs: Record<Role, readonly [number, number]> = { web: [15_000, 40_000], worker: [1_000, 7_000] };
const startPatienceMs = 300_000;
/** Somebody who cannot start is not started in a circle. */
const beforeNextStartMs = 500;

export type Deaths = {
  /** All by -9: at points, and from outside at any moment. */
  readonly kills: number;
  readonly fromOutside: number;
  /** At points: by the stage that was aimed at, by the point, and by what was passed. */
  readonly byStage: ReadonlyMap<Stage, number>;
  readonly byAim: ReadonlyMap<string, number>;
  readonly byPoint: ReadonlyMap<string, number>;
};

export type Crew = {
  readonly deaths: Deaths;
  /** Of all who were ever started. */
  readonly lives: readonly Life[];
  /** From now on processes die; those that run are replaced by such that do. */
  arm(): void;
  /** From now on none does; resolves when all are up. */
  rest(): Promise<void>;
  /** Faults that nobody may see: a process that ended by itself. */
  readonly surprises: readonly string[];
} & AsyncDisposable;

type Member = { readonly role: Role; child: ChildProcess | undefined; isUp: boolean };

export function createCrew(options: {
  readonly env: (role: Role) => Record<string, string>;
  readonly folder: string;
  readonly chance: Chance;
  readonly troubles: Trouble[];
  readonly members?: readonly Role[];
  /** Right after each death by -9. */
  readonly onKill?: () => void;
}): Crew {
  const { env, folder, chance, troubles, onKill } = options;
  const state = { kills: 0, fromOutside: 0, isArmed: false, isOver: false };
  const byStage = new Map<Stage, number>();
  const byAim = new Map<string, number>();
  const byPoint = new Map<string, number>();
  const lives: { -readonly [K in keyof Life]: Life[K] }[] = [];
  const surprises: string[] = [];
  const members = (options.members ?? everybody).map((role): Member => ({ role, child: undefined, isUp: false }));

  const hire = (member: Member): void => {
    const { role } = member;
    const fate = state.isArmed ? choose(role, chance) : undefined;
    const what = `${role} starts${fate === undefined ? '' : ` to die at ${JSON.stringify(fate)}`}`;
    const never = Number.POSITIVE_INFINITY;
    const trouble: Trouble & { to: number } = { from: Date.now(), to: never, kind: 'process', what };
    troubles.push(trouble);
    const life: (typeof lives)[number] = { role, up: never, to: never, gone: never, owner: undefined };
    lives.push(life);
    // From then on it takes nothing up any more.
    const isDone = (): void => void (life.to = Math.min(life.to, Date.now()));
    member.isUp = false;
    const child = start(env(role), folder, fate, () => {
      trouble.to = life.up = Date.now();
      member.isUp = true;
      if (fate !== undefined) limitLife(child, role, fate, chance, isDone);
    });
    member.child = child;
    child.once('ended', ({ code, signal, output }: Ended) => {
      isDone();
      life.gone = Date.now();
      life.owner = /^chaos claims as (.*)$/m.exec(output)?.[1];
      const died = /^chaos: (.*)$/m.exec(output)?.[1];
      if (signal === 'SIGKILL') {
        state.kills += 1;
        onKill?.();
        if (died === undefined || fate === undefined) state.fromOutside += 1;
        else {
          const { died: name, when } = JSON.parse(died) as { died: string; when: string };
          count(byStage, fate.stage);
          count(byAim, nameOf(role, fate));
          count(byPoint, `${fate.point === 'stop:' ? 'stopping, ' : ''}${when} ${name}`);
        }
      } else if (!state.isOver && !mayEnd(fate, code, output))
        surprises.push(`${role} ended by itself (${code ?? signal}): ${output.slice(-2_000)}`);
      // Until somebody new is up.
      trouble.to = Date.now();
      member.isUp = false;
      if (!state.isOver) setTimeout(() => state.isOver || hire(member), signal === 'SIGKILL' ? 0 : beforeNextStartMs);
    });
  };
  const replaceAll = (): void => members.forEach(({ child }) => child?.kill('SIGKILL'));
  members.forEach(hire);
  return {
    get deaths() {
      return { kills: state.kills, fromOutside: state.fromOutside, byStage, byAim, byPoint };
    },
    lives,
    surprises,
    arm() {
      state.isArmed = true;
      replaceAll();
    },
    async rest() {
      state.isArmed = false;
      const before = members.map(({ child }) => child);
      replaceAll();
      const deadline = Date.now() + startPatienceMs;
      // Whose database was away at the start ends, and is started anew.
      while (members.some((member, index) => !member.isUp || member.child === before[index])) {
        if (Date.now() > deadline) throw new Error('Curfew took too long to start');
        await sleep(50);
      }
    },
    async [Symbol.asyncDispose]() {
      state.isOver = true;
      await Promise.all(members.flatMap(({ child }) => (child === undefined ? [] : [stop(child)])));
    },
  };
}

type Ended = { readonly code: number | null; readonly signal: string | null; readonly output: string };

/** @param onUp  called once, when it says that it serves. `ended` is emitted on the child with all that it said. */
function start(env: Record<string, string>, folder: string, fate: Fate | undefined, onUp: () => void): ChildProcess {
  const child = spawn(process.execPath, ['--import', failpoints, main], {
    cwd: folder,
    env: { ...env, ...(fate === undefined ? {} : { CHAOS_KILL: JSON.stringify(fate) }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isUp = false;
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (isUp || !output.includes('  api  ')) return;
      isUp = true;
      onUp();
    });
  // All that it said has been read by then.
  child.once('close', (code, signal) => child.emit('ended', { code, signal, output } satisfies Ended));
  return child;
}

/**
 * One process that starts and stops as it should: it leaves its compiled code in the folder of NODE_COMPILE_CACHE, which those that are
 * killed never get to, and without which a start takes twice as long.
 */
export async function warmUp(env: Record<string, string>, folder: string): Promise<void> {
  const up = Promise.withResolvers<void>();
  const child = start(env, folder, undefined, up.resolve);
  child.once('ended', ({ output }: Ended) => up.reject(new Error(`Curfew did not start: ${output}`)));
  await up.promise;
  await stop(child);
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('ended', resolve));
  child.kill('SIGTERM');
  await ended;
}

/**
 * Asked to stop it does; without its database it says so and ends, and whoever watches over it starts it again. Stopping may take too
 * long where what it waits for is cut off.
 */
const mayEnd = (fate: Fate | undefined, code: number | null, output: string): boolean =>
  output.includes('Curfew cannot start') || (fate?.point === 'stop:' && (code === 0 || output.includes('stopping took too long')));

function limitLife(child: ChildProcess, role: Role, { point }: Fate, chance: Chance, onAsked: () => void): void {
  const [least, most] = livesMs[role];
  const lives = chance.whole(least, most);
  const ask = (): void => {
    onAsked();
    child.kill('SIGTERM');
  };
  const asked = point === 'stop:' ? setTimeout(ask, chance.whole(0, lives)) : undefined;
  const killed = setTimeout(() => child.kill('SIGKILL'), lives);
  child.once('exit', () => {
    clearTimeout(asked);
    clearTimeout(killed);
  });
}

const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
