import { accept, reject, type Result } from '../domain/result.ts';
import { whyNotInRole } from './authority.ts';
import type { AuditFilter, SealedEvent } from './audit-store.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type AuditDoors = {
  /** Sealed events, newest first: all for owners, security reviewers and viewers; for everybody else what they did. */
  list(caller: Caller, filter: Omit<AuditFilter, 'actorId'>): Promise<Result<readonly SealedEvent[]>>;
};

export function createAuditDoors({ store, routing }: { readonly store: Store; readonly routing: RoutingDeps }, door: Doorway): AuditDoors {
  return {
    list: door({ scope: 'audit:read', attempt: 'audit.list' }, async (caller, filter) => {
      const refusal = await whyNotInRole(routing, store, caller, ['owner', 'manager', 'viewer']);
      if (refusal !== undefined && refusal.code !== 'role-required') return reject(refusal);
      return accept(await store.audit.page(caller.org, { ...filter, actorId: refusal === undefined ? undefined : caller.person.id }));
    }),
  };
}
