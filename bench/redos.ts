import { Worker } from 'node:worker_threads';
import { RE2JS } from 're2js';
import { createPatternMatch } from '../src/patterns.ts';
import { median } from './figures.ts';

const length = 100_000;
const longestMs = 50;
const patienceMs = 2_000;

/** Patterns that backtracking engines take ages for, with what they stumble over. */
const hostile: readonly (readonly [pattern: string, input: string])[] = [
  ['(a+)+$', `${'a'.repeat(length)}!`],
  ['^([a-z0-9]+[-.]?)+:prod$', `${'a'.repeat(length)}:stag`],
  ['(.*-)*prod$', `${'x-'.repeat(length / 2)}!`],
  ['.*.*=.*', 'x'.repeat(length)],
  [String.raw`\s+$`, `${' '.repeat(length)}x`],
  ['(prod|staging).*db.*(ro|rw)$', 'prod-db-'.repeat(length / 8)],
];
const refused = ['(?=a)b', '(?!a)b', '(?<=a)b', '(?<!a)b', String.raw`(a)\1`, String.raw`(?<n>a)\k<n>`, 'a{1001}', '((a{100}){100}){100}'];

/** Patterns that people write, on long input. The same with RegExp shows that they would bite. */
export async function measureHostilePatterns(): Promise<void> {
  const matches = createPatternMatch();
  const ours = hostile.map(([pattern, input]) => timeOf((text) => matches(pattern, text), input));
  // The engine by itself, without the cut that is made before it.
  const engine = hostile.map(([pattern, input]) => {
    const compiled = RE2JS.compile(pattern);
    return timeOf((text) => compiled.matcher(text).find(), input);
  });
  const theirs = await Promise.all(hostile.map(([pattern, input]) => timeRegExp(pattern, input)));
  hostile.forEach(([pattern], at) => {
    const other = theirs[at];
    const regExp = other === undefined ? `> ${patienceMs} ms` : `${other.toFixed(0)} ms`;
    console.log(`  ${pattern.padEnd(29)}${ms(ours[at])} as we use it, ${ms(engine[at])} uncut, RegExp ${regExp}`);
  });
  const bites = theirs.filter((each) => each === undefined || each > longestMs).length;
  for (const [label, worst] of [
    ['slowest as we use it', Math.max(...ours)],
    [`slowest on ${length} characters`, Math.max(...engine)],
  ] as const)
    console.log(`  ${label.padEnd(29)} ${ms(worst)}   goal ≤ ${longestMs} ms → ${worst <= longestMs ? 'met' : 'MISSED'}`);
  console.log(`  of ${hostile.length} patterns stall RegExp    ${bites}   goal: all → ${bites === hostile.length ? 'met' : 'MISSED'}`);
  const taken = refused.filter((pattern) => compiles(matches, pattern));
  console.log(
    `  cannot be stored             ${refused.length - taken.length} of ${refused.length}   goal: all → ${taken.length === 0 ? 'met' : `MISSED: ${taken.join('  ')}`}`,
  );
}

function compiles(matches: ReturnType<typeof createPatternMatch>, pattern: string): boolean {
  try {
    matches(pattern, '');
    return true;
  } catch {
    return false;
  }
}

const ms = (value: number | undefined): string => `${(value ?? Number.NaN).toFixed(2)} ms`;

/** Once to get warm, and with nothing to find; then in earnest. */
function timeOf(find: (text: string) => unknown, input: string): number {
  find('');
  return median(Array.from({ length: 5 }, () => timed(() => find(input))));
}

/** CPU of this thread, ms; what other programs of the machine take away does not count. */
function timed(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** In a thread of its own, which can be stopped; undefined: it was. */
async function timeRegExp(pattern: string, input: string): Promise<number | undefined> {
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    const pattern = new RegExp(workerData.pattern);
    const started = performance.now();
    pattern.test(workerData.input);
    parentPort.postMessage(performance.now() - started);`;
  const worker = new Worker(code, { eval: true, workerData: { pattern, input } });
  const answer = new Promise<number | undefined>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    setTimeout(resolve, patienceMs, undefined).unref();
  });
  try {
    return await answer;
  } finally {
    await worker.terminate();
  }
}
