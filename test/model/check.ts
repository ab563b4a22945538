/**
 * `npm run check:model`: tries everything that can happen within the bounds. It fails where something goes wrong by the
 * rules of the product, and where a planted fault is not found.
 */
import { explore } from './explore.ts';
import { ours, planted } from './faults.ts';
import type { Bounds } from './steps.ts';

const bounds: Bounds = { grants: 2, workers: 2, faults: 1, ticks: 5 };
const leastStates = 900_000;

const started = performance.now();
const tell = (text: string): void => console.log(`${text} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
const { states, violation } = explore(ours, bounds);
tell(`${states.toLocaleString('en')} states: ${violation === undefined ? 'no violation' : violation.why}`);
for (const step of violation?.way ?? []) console.log(`  ${step}`);
let isGood = violation === undefined && states >= leastStates;
for (const [name, rules] of Object.entries(planted)) {
  const found = explore(rules, bounds).violation;
  tell(`${name}: ${found === undefined ? 'NOT FOUND' : `found after ${found.way.length - 1} steps, ${found.why}`}`);
  isGood &&= found !== undefined;
}
process.exitCode = isGood ? 0 : 1;
