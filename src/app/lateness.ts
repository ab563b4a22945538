import { accept, type Result } from '../domain/result.ts';
import { inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { LatenessReport } from './lateness-store.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type LatenessDoors = {
  /** How late access was taken away in the last so many days, for those who read the audit log. */
  report(caller: Caller, days: number): Promise<Result<LatenessReport>>;
};

export function createLatenessDoors(
  { store, routing }: { readonly store: Store; readonly routing: RoutingDeps },
  door: Doorway,
): LatenessDoors {
  return {
    report: door({ scope: 'audit:read', attempt: 'lateness.report' }, (caller, days) =>
      inRole(routing, store, caller, ['owner', 'manager', 'viewer'], async () => accept(await store.lateness.report(caller.org, days))),
    ),
  };
}
