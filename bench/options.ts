import { mayAsk } from '../src/app/shown-catalog.ts';
import { takeGlance } from '../src/app/glance.ts';
import { createDirectories } from '../src/directories/index.ts';
import { createFileDirectories } from '../src/directories/local.ts';
import type { Policy } from '../src/domain/policy.ts';
import { email, org, startEngine } from './engine.ts';
import { percentile } from './figures.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { storePolicies } from './policies.ts';

const resources = 5_000;
const rules = 1_000;
/** As long as the list waits for its options before it stays empty (`src/slack/in-time.ts`). */
const goalMs = 1_800;
/** Of how many the naive way is measured; all would take minutes. */
const sample = 50;

const tables = Array.from({ length: resources }, (_, at) => {
  const resource = `t${String(at).padStart(5, '0')}`;
  return { accessType: 'table', resource, label: `measurements ${resource}` };
});
const platform = { type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' } as const;
const team = (at: number) =>
  ({ type: 'group', groups: [{ directory: 'local', id: `team${at}`, label: `Team ${at}` }], effect: 'keep' }) as const;
const named = (pattern: string): Policy['resource'] => ({
  type: 'integration',
  service: 'lake',
  filters: { table: { effect: 'keep', key: 'name', pattern } },
});
/** What a large company has: people, teams and patterns, with a literal in them and without. None of it is for Bob. */
const kinds: readonly ((at: number) => Pick<Policy, 'requestor' | 'resource'>)[] = [
  (at) => ({ requestor: { type: 'user', uid: `p${at}@example.com` }, resource: { type: 'integration', service: 'lake' } }),
  (at) => ({ requestor: team(at), resource: named(`^t0${at % 500}`) }),
  (at) => ({ requestor: team(at), resource: named(`[${at % 5}-9]$`) }),
  (at) => ({ requestor: platform, resource: named(`(1|2|3)${at % 10}$`) }),
  () => ({ requestor: { type: 'any' }, resource: { type: 'integration', service: 'pg' } }),
];

/**
 * How long the form's list takes to say that none of thousands of resources may be asked for, which is the longest it can take:
 * each is judged. Beside judging them as requests are, each by itself.
 */
export async function measureOptions(): Promise<void> {
  const target = { ...noOpTarget, name: 'warehouse', service: 'lake', catalog: () => tables };
  await using engine = await startEngine(undefined, target);
  await storePolicies(
    engine,
    Array.from({ length: rules }, (_, at): Policy => {
      const kind = kinds[at % kinds.length];
      if (kind === undefined) throw new Error('there is no such kind');
      return { name: `rule ${at}`, ...kind(at), approval: [{ type: 'p0' }] };
    }),
  );
  // Bob is in no group: that is known, not guessed.
  engine.deps.routing.directories = createDirectories(createFileDirectories([]));
  const bob = await engine.caller('bob');
  const asked = {
    integration: 'warehouse',
    accessType: 'table',
    resource: undefined,
    to: undefined,
    duration: undefined,
    until: undefined,
  };
  const list = async (): Promise<number> => {
    const started = performance.now();
    const found = await engine.useCases.asking.resources(bob, asked, '');
    if (found.length > 0) throw new Error('something is offered that may not be asked for');
    return performance.now() - started;
  };
  const oneByOne = async (): Promise<number> => {
    const started = performance.now();
    for (const { accessType, resource } of tables.slice(0, sample)) {
      const glance = takeGlance(engine.deps.routing, engine.store);
      if (await mayAsk(glance, org, email('bob'), { integration: 'warehouse', service: 'lake', accessType, resource }))
        throw new Error('something may be asked for that should not');
    }
    return ((performance.now() - started) * resources) / sample;
  };
  await list();
  const pairs = await measurePairs(oneByOne, list);
  if (pairs.length === 0) return;
  const worst = percentile(
    pairs.map(({ ours }) => ours),
    100,
  );
  console.log(
    `  ${'nothing of all, worst'.padEnd(29)}${worst.toFixed(0)} ms (${resources} resources, ${rules} policies)   goal < ${goalMs} ms → ${worst < goalMs ? 'met' : 'MISSED'}`,
  );
  printRatio(
    'our time ÷ one by one',
    pairs.map(({ reference, ours }) => ours / reference),
    { atMost: 0.2 },
  );
}
