import { toSeconds } from '../domain/duration.ts';
import type { Org } from '../domain/ids.ts';
import { allowedDurations } from '../domain/settings.ts';
import type { Hands } from './act-on-rights.ts';
import { cancelRequest, lapseRequests } from './close-request.ts';
import { decideRequest, type DecideDeps } from './decide-request.ts';
import { relinquishGrant, revokeGrant } from './end-access.ts';
import { notifyRequest } from './notify.ts';
import type { Caller, Integrations, Jobs, Messenger, Vault } from './ports.ts';
import { home, readRequest } from './read-requests.ts';
import { deliverStale, relayOutbox } from './outbox.ts';
import { arm, give, take } from './reconcile.ts';
import { revealSecret } from './reveal-secret.ts';
import { createRouter, type RoutingDeps } from './routing.ts';
import { runCommand } from './run-command.ts';
import type { Store } from './store.ts';
import { submitRequest } from './submit-request.ts';
import type { RequestForm, UseCases, Work } from './use-cases.ts';

export type AppDeps = {
  readonly org: Org;
  readonly store: Store;
  readonly integrations: Integrations;
  readonly vault: Vault;
  readonly routing: RoutingDeps;
};

/** The doors for people and programs. */
export function createUseCases(deps: AppDeps): UseCases {
  const { store } = deps;
  const inner: DecideDeps & AppDeps = { ...deps, router: createRouter(deps.routing) };
  return {
    runCommand: (caller, argv, program) => runCommand(inner, caller, argv, program),
    submitRequest: (caller, draft) => submitRequest(inner, caller, draft),
    requestForm: (caller) => requestForm(inner, caller),
    decideRequest: (caller, id, verdict) => decideRequest(inner, caller, id, verdict),
    cancelRequest: (caller, id) => cancelRequest(store, caller, id),
    revokeGrant: (caller, id, reason) => revokeGrant(inner, caller, id, reason),
    relinquishGrant: (caller, id) => relinquishGrant(inner, caller, id),
    revealSecret: (caller, id) => revealSecret(inner, caller, id),
    readRequest: (caller, id) => readRequest(inner, caller, id),
    home: (caller) => home(inner, caller),
    identify: (org, identity) => store.identify(org, identity),
    async authenticate(org, key) {
      const person = await store.authenticate(org, key);
      return person === undefined ? undefined : { org, person, via: 'api' };
    },
  };
}

async function requestForm(deps: DecideDeps, caller: Caller): Promise<RequestForm> {
  const settings = await deps.store.settings(caller.org);
  const policies = await deps.store.policies(caller.org);
  return {
    integrations: deps.integrations.all().map((each) => ({ name: each.name, service: each.service, items: each.catalog() })),
    durations: allowedDurations(settings),
    maximum: toSeconds(settings.maxAccess),
    reasonRequired: policies.length === 0 && settings.defaultApprovals.requireReason,
  };
}

/** What the workers run. */
export function createWork(deps: AppDeps & { readonly messenger: Messenger; readonly jobs: Jobs; readonly hands: Hands }): Work {
  const { store, jobs, hands } = deps;
  const router = createRouter(deps.routing);
  const notify: Work['notify'] = (id) => notifyRequest({ ...deps, router }, id);
  return {
    take: () => take(hands, jobs),
    give: () => give(hands, jobs),
    lapse: () => lapseRequests(store, hands.log),
    notify,
    deliver: () => deliverStale(hands, notify),
    arm: async () => arm(hands.log, jobs, await store.dueSeconds()),
    relay: () => relayOutbox(store, jobs, hands.log),
  };
}
