import type { Policy } from '../domain/policy.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import { inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { PolicyDocument, VersionedPolicy } from './policies-store.ts';
import type { Caller, Integrations } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import { type Question, simulatePolicy, type Simulation } from './simulate-policy.ts';
import type { Role, Store, Transaction } from './store.ts';

/** The versions that a change may start from. */
export type Versions = 'any' | readonly string[];

/** Access policies: owners write them, reviewers and viewers read them. */
export type PolicyDoors = {
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
const longestPolicyBytes = 16 * 1024;
const mostPolicies = 10_000;

export function createPolicyDoors(deps: PolicyDeps, door: Doorway): PolicyDoors {
  const { store, routing } = deps;
  const scope = 'policies';
  return {
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
    read: door({ scope }, (caller, name) =>
      inRole(routing, store, caller, readers, async () => {
        const policy = await store.policyBook.one(caller.org, name);
        return policy === undefined ? reject({ code: 'not-found' }) : accept(policy);
      }),
    ),
    simulate: door({ scope }, (caller, question) => simulatePolicy(deps, caller, question)),
    document: door({ scope }, (caller) =>
      inRole(routing, store, caller, readers, async () => accept(await store.policyBook.document(caller.org))),
    ),
    replace: door({ scope, attempt: 'policy.replace' }, (caller, rules, version, from) => replaceAll(deps, caller, rules, version, from)),
  };
}

const isAmong = ({ version }: { readonly version: string }, versions: Versions): boolean =>
  versions === 'any' || versions.includes(version);

/** Runs alone among all changes of policies; whether the caller is an owner is asked inside. */
const whenOwner = <T>({ store, routing }: PolicyDeps, caller: Caller, work: (tx: Transaction) => Promise<Result<T>>): Promise<Result<T>> =>
  store.transaction((tx) =>
    inRole(routing, tx, caller, ['owner'], async () => {
      await tx.policyBook.lock(caller.org);
      return work(tx);
    }),
  );

async function savePolicy(
  deps: PolicyDeps,
  caller: Caller,
  name: string,
  policy: Policy,
  how: 'create' | 'update',
  from: Versions,
): Promise<Result<VersionedPolicy>> {
  if (policy.name !== name) return reject({ code: 'invalid-value', field: 'name', why: 'It must be the name in the address.' });
  const refusal = whyNotStorable(deps, policy, '');
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
  const [refusal] = rules.flatMap((rule, index) => whyNotStorable(deps, rule, `workflow/rules/${index}/`) ?? []);
  if (refusal !== undefined) return reject(refusal);
  return whenOwner(deps, caller, async (tx) => {
    const before = await tx.policyBook.document(caller.org);
    if (!isAmong(before, from)) return reject({ code: 'precondition-failed', current: before.version });
    if (before.version !== currentVersion) return reject({ code: 'version-conflict', current: before.version });
    const gone = before.rules.filter((rule) => !names.has(rule.name)).map(({ name }) => ({ name, policy: undefined }));
    const written = rules.map((policy) => ({ name: policy.name, policy }));
    await tx.policyBook.change(actorOf(caller), caller.org, [...gone, ...written], true);
    return accept(await tx.policyBook.document(caller.org));
  });
}

/** What the shape alone does not tell. A pattern that does not compile would stop routing, so it is never stored. */
function whyNotStorable({ routing }: PolicyDeps, policy: Policy, at: string): Rejection | undefined {
  if (Buffer.byteLength(JSON.stringify(policy)) > longestPolicyBytes)
    return { code: 'invalid-value', field: `${at}name`, why: 'The whole policy must be at most 16 KiB.' };
  for (const [field, pattern] of patternsOf(policy)) {
    try {
      routing.matches(pattern, '');
    } catch {
      return { code: 'invalid-value', field: `${at}${field}`, why: 'Not a regular expression of RE2, which knows no look-around.' };
    }
  }
  return undefined;
}

function patternsOf({ requestor, resource }: Policy): (readonly [field: string, pattern: string])[] {
  const filters = resource.type === 'integration' ? Object.entries(resource.filters ?? {}) : [];
  const subject =
    requestor.type === 'agentic' && requestor.agent.type === 'provider' ? (requestor.agent.subjectPattern ?? undefined) : undefined;
  return [
    ...filters.flatMap(([name, { pattern }]) =>
      pattern === null || pattern === undefined ? [] : [[`resource/filters/${name}/pattern`, pattern] as const],
    ),
    ...(subject === undefined ? [] : [['requestor/agent/subjectPattern', subject] as const]),
  ];
}
