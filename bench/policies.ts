import type { Policy } from '../src/domain/policy.ts';
import { type Engine, org } from './engine.ts';

/** Where the names of rule `at` come from: half of the rules name one database, half a family of them; a few deny. */
const nameOf = (at: number): string => `prod-${['orders', 'billing', 'search', 'users'][at % 4]}-${String(at).padStart(5, '0')}`;

const patternOf = (at: number): string => (at % 2 === 0 ? `^${nameOf(at)}$` : String.raw`${nameOf(at)}(-[a-z]+)?\b.*$`);

/** So many different rules, as organisations have them: each about its own names, and for some group of people. */
export function somePolicies(count: number): Policy[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `rule ${at}`,
    requestor: { type: 'any' },
    resource: {
      type: 'integration',
      service: 'pg',
      accessType: null,
      filters: { role: { effect: 'keep', key: 'name', pattern: patternOf(at) } },
    },
    approval: [at % 50 === 49 ? { type: 'deny' } : { type: 'p0', options: { requireReason: true } }],
  }));
}

/** A name that exactly one of `count` rules speaks of. */
export const someName = (count: number, turn: number): string => nameOf((turn * 7919) % count);

/** Makes them, and one more about the sample database's `readonly`, the policies of the organisation. */
export async function storeRules(engine: Engine, count: number): Promise<void> {
  const resource = {
    type: 'integration',
    service: 'pg',
    filters: { role: { effect: 'keep', key: 'name', pattern: '^readonly$' } },
  } as const;
  const about: Policy = { name: 'readonly', requestor: { type: 'any' }, resource, approval: [{ type: 'p0' }] };
  await storePolicies(engine, [...somePolicies(count), about]);
}

/** Makes these the policies of the organisation, in their order. */
export async function storePolicies({ pool }: Engine, policies: readonly Policy[]): Promise<void> {
  await pool.query('delete from policies where org = $1', [org]);
  await pool.query(
    `insert into policies (org, name, document) select $1, value->>'name', value from jsonb_array_elements($2::jsonb) with ordinality as rule (value, at) order by at`,
    [org, JSON.stringify(policies)],
  );
  await pool.query(
    'insert into policy_heads (org, version) values ($1, 1) on conflict (org) do update set version = policy_heads.version + 1',
    [org],
  );
  await pool.query('vacuum analyze policies, policy_heads');
}
