import { createPolicySets, type PolicySet } from '../src/app/policy-sets.ts';
import { routeBy, type RoutingDeps } from '../src/app/routing.ts';
import { createDirectories } from '../src/directories/index.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { createPatternMatch } from '../src/patterns.ts';
import { email, org, quiet } from './engine.ts';
import { median } from './figures.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { someName, somePolicies } from './policies.ts';
import { printLoad, watchTurns } from './turns.ts';

const few = 10;
const many = 10_000;
const decisions = 5_000;

/** How long one decision takes with many rules, measured against few: exactly one rule speaks about each right. */
export async function measureRouting(): Promise<void> {
  const [small, large] = [await prepare(few), await prepare(many)];
  for (const one of [small, large]) await time(one);
  const pairs = await measurePairs(
    () => time(small),
    () => time(large),
  );
  const us = (values: readonly number[]) => `${median(values).toFixed(1)} µs`;
  console.log(
    `  a decision with ${few} rules     ${us(pairs.map((pair) => pair.reference))}, with ${many} ${us(pairs.map((pair) => pair.ours))}`,
  );
  printRatio(
    'many ÷ few',
    pairs.map((pair) => pair.ours / pair.reference),
    { atMost: 10 },
  );
  printLoad(`${many} rules filed`, large.load);
}

type Prepared = {
  readonly count: number;
  readonly deps: RoutingDeps;
  readonly set: PolicySet;
  readonly load: Parameters<typeof printLoad>[1];
};

async function prepare(count: number): Promise<Prepared> {
  const rules = somePolicies(count);
  const policies = createPolicySets();
  const deps: RoutingDeps = {
    directories: createDirectories([]),
    onCalls: () => undefined,
    matches: createPatternMatch(),
    policies,
    log: quiet,
  };
  const load = await watchTurns(() =>
    policies({ ruleRevision: async () => '1.1', ruleBook: async () => ({ version: '1', revision: '1.1', rules }) }, org),
  );
  return { count, deps, set: load.value, load };
}

/** µs per decision. */
async function time({ count, deps, set }: Prepared): Promise<number> {
  const who = email('bob');
  const started = performance.now();
  for (let turn = 0; turn < decisions; turn++) {
    const permission = { integration: 'sample', service: 'pg', accessType: 'role', resource: someName(count, turn % 500) };
    const { outcome } = await routeBy(deps, set, defaultSettings, who, permission);
    if (outcome.kind !== 'ask' && outcome.kind !== 'deny') throw new Error(`a rule was not found: ${outcome.kind}`);
  }
  return ((performance.now() - started) * 1000) / decisions;
}
