import type { Org } from '../domain/ids.ts';
import { createPolicyIndex, type PolicyIndex } from '../domain/policy-index.ts';
import type { Policy } from '../domain/policy.ts';
import type { Reads } from './store.ts';

/** The policies of one organisation at one revision, ready to be asked. */
export type PolicySet = PolicyIndex & {
  /** All, in the order of evaluation. */
  readonly all: readonly Policy[];
  readonly version: string;
};

/** The policies that hold where `reads` reads. Inside a transaction it costs that one small read, unless they have changed. */
export type PolicySets = (reads: Pick<Reads, 'ruleRevision' | 'ruleBook' | 'holdsConnection'>, org: Org) => Promise<PolicySet>;

type Kept = { readonly revision: string; readonly set: PolicySet };

/** Each may hold tens of megabytes. */
const mostOrganisations = 4;
/** Fewer than can be filed in 10 ms, with much to spare. */
const sliceOfPolicies = 100;

/**
 * Keeps what was read of the policies for as long as their revision is the one in the database: whether it still is, is
 * asked each time, so that a change by any process holds for the next decision of every other. A revision never names two
 * contents, and one that was rolled back is never seen again (`ruleRevision`); so it does no harm if a transaction that
 * is rolled back later leaves its policies here.
 */
export function createPolicySets(): PolicySets {
  const kept = new Map<Org, Kept>();
  /**
   * By organisation and revision: many decisions that find the same change read it once. Who holds a connection waits only
   * for somebody who has one too: a load that still needs one from the pool may stand in line behind those who wait for it. And
   * who needs one from a pool does not wait for the line at another (ADR 22).
   */
  const held = new Map<string, Promise<PolicySet>>();
  const pooled = new WeakMap<object, Map<string, Promise<PolicySet>>>();
  const load: PolicySets = async (reads, org) => {
    const { version, revision, rules } = await reads.ruleBook(org);
    const set = { ...(await fileAll(rules)), all: rules, version };
    // It may be a newer one than was looked for; it is kept under its own name.
    if (revision !== undefined) keep(kept, org, { revision, set });
    return set;
  };
  return async (reads, org) => {
    const revision = await reads.ruleRevision(org);
    if (revision === undefined) return load(reads, org);
    const known = kept.get(org);
    if (known?.revision === revision) {
      keep(kept, org, known);
      return known.set;
    }
    const key = `${org} ${revision}`;
    const like = reads.holdsConnection === true ? held : (pooled.get(reads) ?? new Map<string, Promise<PolicySet>>());
    if (like !== held) pooled.set(reads, like);
    const others = held.get(key) ?? like.get(key);
    // Whoever else reads them may fail for a reason of their own.
    if (others !== undefined) return others.catch(() => load(reads, org));
    const mine = load(reads, org).finally(() => like.delete(key));
    like.set(key, mine);
    return mine;
  };
}

function keep(kept: Map<Org, Kept>, org: Org, entry: Kept): void {
  kept.delete(org);
  kept.set(org, entry);
  const [oldest] = kept.keys();
  if (kept.size > mostOrganisations && oldest !== undefined) kept.delete(oldest);
}

/** In slices: nobody else's answer waits until thousands of policies are filed. */
async function fileAll(policies: readonly Policy[]): Promise<PolicyIndex> {
  const index = createPolicyIndex();
  for (let at = 0; at < policies.length; at += sliceOfPolicies) {
    if (at > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    for (const policy of policies.slice(at, at + sliceOfPolicies)) index.add(policy);
  }
  return index;
}
