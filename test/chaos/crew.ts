/** Curfew's processes: one that answers people, two that work. Whoever dies is replaced at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Trouble } from './check.ts';
import type { Failpoint } from './failpoints.ts';
import type { Chance } from './random.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');
const failpoints = path.resolve(import.meta.dirname, 'failpoints.ts');

export const roles = ['web', 'worker', 'worker'] as const;

/** Points, and by how many passings a process may die at them at the latest. The rare ones come early. */
const points: readonly [string, number][] = [
  ['sql:', 400],
  ['sql:begin', 40],
  ['sql:commit', 40],
  ['sql:insert into', 20],
  ['sql:claim-rights', 12],
  ['sql:record-baseline', 4],
  ['sql:settle-rights', 6],
  ['sql:wake-relay', 8],
  ['target:', 24],
  ['target:commit', 6],
  ['redis:', 200],
  ['http:', 30],
  ['http:chat.postMessage', 6],
  ['http:chat.update', 6],
  ['file:audit-anchors.jsonl', 1],
  ['stop:', 40],
];

/** Longer than it takes to start; whoever lives longer is killed from outside. */
const longestLifeMs = 9_000;
const startPatienceMs = 120_000;

export type Crew = {
  /** Deaths by -9, from inside and outside. */
  readonly kills: number;
  /** Where the deaths from inside happened, and how often. */
  readonly diedAt: ReadonlyMap<string, number>;
  /** From now on processes die; those that run are replaced by such that do. */
  arm(): Promise<void>;
  /** From now on none does; resolves when all are up. */
  rest(): Promise<void>;
  /** Faults that nobody may see: a process that ended by itself. */
  readonly surprises: readonly string[];
} & AsyncDisposable;

export function createCrew(options: {
  readonly env: (role: 'web' | 'worker') => Record<string, string>;
  readonly folder: string;
  readonly chance: Chance;
  readonly troubles: Trouble[];
  readonly members?: readonly ('web' | 'worker')[];
}): Crew {
  const { env, folder, chance, troubles } = options;
  const state = { kills: 0, isArmed: false, isOver: false };
  const diedAt = new Map<string, number>();
  const surprises: string[] = [];
  const members = (options.members ?? roles).map((role) => ({ role, child: undefined as ChildProcess | undefined, up: Promise.resolve() }));

  const hire = (member: (typeof members)[number]): void => {
    const point = state.isArmed ? choose(chance) : undefined;
    const trouble = {
      from: Date.now(),
      to: Number.POSITIVE_INFINITY,
      what: `${member.role} starts${point === undefined ? '' : ` to die at ${JSON.stringify(point)}`}`,
    };
    troubles.push(trouble);
    const child = spawn(process.execPath, [...(point === undefined ? [] : ['--import', failpoints]), main], {
      cwd: folder,
      env: { ...env(member.role), ...(point === undefined ? {} : { CHAOS_KILL: JSON.stringify(point) }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    member.child = child;
    let output = '';
    const up = Promise.withResolvers<void>();
    member.up = up.promise;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (trouble.to !== Number.POSITIVE_INFINITY || !output.includes('  api  ')) return;
        trouble.to = Date.now();
        up.resolve();
        if (point !== undefined) limitLife(child, point, chance);
      });
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') state.kills += 1;
      // Without its database a process says so and ends; whoever watches over it starts it again.
      else if (!state.isOver && !(point?.point === 'stop:' && code === 0) && !output.includes('Curfew cannot start'))
        surprises.push(`${member.role} ended by itself (${code ?? signal}): ${output.slice(-2_000)}`);
      const died = /^chaos: (.*)$/m.exec(output)?.[1];
      if (died !== undefined) count(diedAt, String((JSON.parse(died) as { died: string }).died));
      // Until somebody new is up.
      trouble.to = Date.now();
      up.resolve();
      if (!state.isOver) hire(member);
    });
  };
  const replaceAll = (): void => members.forEach(({ child }) => child?.kill('SIGKILL'));
  members.forEach(hire);
  return {
    get kills() {
      return state.kills;
    },
    diedAt,
    surprises,
    async arm() {
      state.isArmed = true;
      replaceAll();
    },
    async rest() {
      state.isArmed = false;
      const before = members.map(({ child }) => child);
      replaceAll();
      const deadline = Date.now() + startPatienceMs;
      for (const [index, member] of members.entries()) {
        while (member.child === before[index]) await sleep(20);
        await member.up;
      }
      if (Date.now() > deadline) throw new Error('Curfew took too long to start');
    },
    async [Symbol.asyncDispose]() {
      state.isOver = true;
      await Promise.all(
        members.map(async ({ child }) => {
          if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGTERM');
          await ended;
        }),
      );
    },
  };
}

function choose(chance: Chance): Failpoint {
  const [point, most] = chance.pick(points as [(typeof points)[0], ...typeof points]);
  return { point, nth: chance.skewed(most), when: chance.pick(['before', 'after']) };
}

function limitLife(child: ChildProcess, { point }: Failpoint, chance: Chance): void {
  const asked = point === 'stop:' ? setTimeout(() => child.kill('SIGTERM'), chance.whole(0, 4_000)) : undefined;
  const killed = setTimeout(() => child.kill('SIGKILL'), chance.whole(1_000, longestLifeMs));
  child.once('exit', () => {
    clearTimeout(asked);
    clearTimeout(killed);
  });
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
