import { accept, reject, type Result } from '../domain/result.ts';
import { inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { PolicyDocument } from './policies-store.ts';
import type { ListedPolicy, PolicyEvent, PolicyEventPlace } from './policy-history-store.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Role, Store } from './store.ts';

/** What the access policies were, and who changed them: for owners, security reviewers and viewers. */
export type PolicyHistoryDoors = {
  /** Newest first; of one policy, if `name` is given, also where it is deleted by now. */
  history(caller: Caller, wish: HistoryWish): Promise<Result<readonly PolicyEvent[]>>;
  documentAt(caller: Caller, version: string): Promise<Result<PolicyDocument>>;
  /** In the order of the document. */
  list(caller: Caller, wish: { readonly after: string | undefined; readonly limit: number }): Promise<Result<readonly ListedPolicy[]>>;
};
export type HistoryWish = { readonly name: string | undefined; readonly before: PolicyEventPlace | undefined; readonly limit: number };

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

const isVersion = (given: string): boolean => /^(?:0|[1-9]\d{0,17})$/.test(given);
const readers: readonly Role[] = ['owner', 'manager', 'viewer'];

export function createPolicyHistoryDoors({ store, routing }: Deps, door: Doorway): PolicyHistoryDoors {
  const readable = <T>(caller: Caller, work: () => Promise<Result<T>>) => inRole(routing, store, caller, readers, work);
  return {
    history: door({ scope: 'policies', attempt: 'policy.history' }, (caller, wish) =>
      readable(caller, async () => {
        const found = await store.policyHistory.events(caller.org, wish);
        // Only where the first page is empty there has never been one.
        return found.length === 0 && wish.name !== undefined && wish.before === undefined ? reject({ code: 'not-found' }) : accept(found);
      }),
    ),
    documentAt: door({ scope: 'policies', attempt: 'policies.read' }, (caller, version) =>
      readable(caller, async () => {
        const found = isVersion(version) ? await store.policyHistory.documentAt(caller.org, version) : undefined;
        return found === undefined ? reject({ code: 'not-found' }) : accept(found);
      }),
    ),
    list: door({ scope: 'policies', attempt: 'policy.list' }, (caller, wish) =>
      readable(caller, async () => accept(await store.policyHistory.list(caller.org, wish))),
    ),
  };
}
