import type { Policy } from '../domain/policy.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { isSameJson } from '../domain/same-json.ts';
import { actorOf } from './actor.ts';
import { asOwner, inRole, whyNotInRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { PolicyChange, PolicyDocument, VersionedPolicy } from './policies-store.ts';
import { createPolicyLintDoors, type PolicyLintDoors } from './lint-policies.ts';
import { createPolicyHistoryDoors, type PolicyHistoryDoors } from './policy-history.ts';
import { whyNotStorable } from './policy-storable.ts';
import type { Caller, Integrations } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import { type Question, simulatePolicy, type Simulation } from './simulate-policy.ts';
import type { Role, Store, Transaction } from './store.ts';
import { isAmong, type Versions } from './versions.ts';

/** Access policies: owners write them, reviewers and viewers read them. */
export type PolicyDoors = PolicyHistoryDoors &
  PolicyLintDoors & {
    create(caller: Caller, name: string, policy: Policy): Promise<Result<VersionedPolicy>>;
    read(caller: Caller, name: string): Promise<Result<VersionedPolicy>>;
    update(caller: Caller, name: string, policy: Policy, from: Versions): Promise<Result<VersionedPolicy>>;
    remove(caller: Caller, name: string, from: Versions): Promise<Result<undefined>>;
    document(caller: Caller): Promise<Result<PolicyDocument>>;
    /** Replaces everything, if `currentVersion` is still the version. */
    replace(caller: Caller, rules: readonly Policy[], currentVersion: string, from: Versions): Promise<Result<PolicyDocument>>;
    simulate(caller: Caller, question: Question): Promise<Result<Simulation>>;
  };

type PolicyDeps = { readonly store: Store; readonly routing: RoutingDeps; readonly integrations: Integrations };

const readers: readonly Role[] = ['owner', 'manager', 'viewer'];
const mostPolicies = 10_000;
/** Others wait for the patterns of so many rules at most. */
const rulesAtATime = 10;

export function createPolicyDoors(deps: PolicyDeps, door: Doorway): PolicyDoors {
  const { store, routing } = deps;
  const scope = 'policies';
  return {
    ...createPolicyHistoryDoors(deps, door),
    ...createPolicyLintDoors(deps, door),
    create: door({ scope, attempt: 'policy.create' }, (caller, name, policy) => savePolicy(deps, caller, name, policy, 'create', 'any')),
    update: door({ scope, attempt: 'policy.update' }, (caller, name, policy, from) =>
      savePolicy(deps, caller, name, policy, 'update', from),
    ),
    remove: door({ scope, attempt: 'policy.delete' }, (caller, name, from) =>
      whenOwner(deps, caller, async (tx) => {
        const before = await tx.policyBook.one(caller.org, name);
        if (before === undefined) return reject({ code: 'not-found' });
        if (!isAmong(before, from)) return reject({ code: 'precondition-failed', current: before.version });
        await tx.policyBook.change(actorOf(caller), caller.org, [{ name, policy: undefined }], false);
        return accept(undefined);
      }),
    ),
    read: door({ scope, attempt: 'policy.read' }, (caller, name) =>
      inRole(routing, store, caller, readers, async () => {
        const policy = await store.policyBook.one(caller.org, name);
        return policy === undefined ? reject({ code: 'not-found' }) : accept(policy);
      }),
    ),
    simulate: door({ scope, attempt: 'policies.simulate' }, (caller, question) => simulatePolicy(deps, caller, question)),
    document: door({ scope, attempt: 'policies.read' }, (caller) =>
      inRole(routing, store, caller, readers, async () => accept(await store.policyBook.document(caller.org))),
    ),
    replace: door({ scope, attempt: 'policy.replace' }, (caller, rules, version, from) => replaceAll(deps, caller, rules, version, from)),
  };
}

/** Runs alone among all changes of policies. */
const whenOwner = <T>(deps: PolicyDeps, caller: Caller, work: (tx: Transaction) => Promise<Result<T>>): Promise<Result<T>> =>
  asOwner(deps, caller, async (tx) => {
    await tx.policyBook.lock(caller.org);
    return work(tx);
  });

async function savePolicy(
  deps: PolicyDeps,
  caller: Caller,
  name: string,
  policy: Policy,
  how: 'create' | 'update',
  from: Versions,
): Promise<Result<VersionedPolicy>> {
  if (policy.name !== name) return reject({ code: 'invalid-value', field: 'name', why: 'It must be the name in the address.' });
  const refusal = refusalOf(deps, policy, '');
  if (refusal !== undefined) return reject(refusal);
  return whenOwner(deps, caller, async (tx) => {
    const before = await tx.policyBook.one(caller.org, name);
    if (how === 'create' && before !== undefined) return reject({ code: 'exists', what: `The policy ${name}` });
    if (how === 'update' && before === undefined) return reject({ code: 'not-found' });
    if (before !== undefined && !isAmong(before, from)) return reject({ code: 'precondition-failed', current: before.version });
    if (how === 'create' && (await tx.policyBook.count(caller.org)) >= mostPolicies)
      return reject({ code: 'too-many', what: 'policies', maximum: mostPolicies });
    await tx.policyBook.change(actorOf(caller), caller.org, [{ name, policy }], false);
    const { version } = await tx.policyBook.document(caller.org);
    return accept({ policy, version });
  });
}

async function replaceAll(
  deps: PolicyDeps,
  caller: Caller,
  rules: readonly Policy[],
  currentVersion: string,
  from: Versions,
): Promise<Result<PolicyDocument>> {
  const names = new Set(rules.map((rule) => rule.name));
  if (names.size < rules.length) return reject({ code: 'invalid-value', field: 'workflow/rules', why: 'Two rules have the same name.' });
  // Asked again where it counts; here only so that nobody else can have thousands of patterns compiled.
  const stranger = await whyNotInRole(deps.routing, deps.store, caller, ['owner']);
  if (stranger !== undefined) return reject(stranger);
  for (const [index, rule] of rules.entries()) {
    if (index % rulesAtATime === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const refusal = refusalOf(deps, rule, `workflow/rules/${index}/`);
    if (refusal !== undefined) return reject(refusal);
  }
  return whenOwner(deps, caller, async (tx) => {
    const before = await tx.policyBook.document(caller.org);
    if (!isAmong(before, from)) return reject({ code: 'precondition-failed', current: before.version });
    if (before.version !== currentVersion) return reject({ code: 'version-conflict', current: before.version });
    const { changes, reorder } = differences(before.rules, rules);
    if (changes.length === 0) return accept(before);
    await tx.policyBook.change(actorOf(caller), caller.org, changes, reorder);
    return accept(await tx.policyBook.document(caller.org));
  });
}

/** What makes one document the other. Policies that stay as they are and keep their order are left alone, their versions too. */
function differences(before: readonly Policy[], after: readonly Policy[]): { changes: readonly PolicyChange[]; reorder: boolean } {
  const stored = new Map(before.map((rule) => [rule.name, rule]));
  const wanted = new Set(after.map(({ name }) => name));
  const kept = before.filter(({ name }) => wanted.has(name));
  const reorder = !kept.every(({ name }, index) => after[index]?.name === name);
  const gone = before.filter(({ name }) => !wanted.has(name)).map(({ name }) => ({ name, policy: undefined }));
  const written = after.filter((policy) => reorder || !isSameJson(stored.get(policy.name), policy));
  return { changes: [...gone, ...written.map((policy) => ({ name: policy.name, policy }))], reorder };
}

function refusalOf({ routing }: PolicyDeps, policy: Policy, at: string): Rejection | undefined {
  const problem = whyNotStorable(routing.matches, policy);
  return problem === undefined ? undefined : { code: 'invalid-value', field: at + problem.path.join('/'), why: problem.why };
}
