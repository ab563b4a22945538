import type { Org } from '../domain/ids.ts';
import type { Hands } from './act-on-rights.ts';
import { lapseRequests } from './close-request.ts';
import type { DecideDeps } from './decide-request.ts';
import { createAccountDoors } from './accounts.ts';
import { createAuditDoors } from './audit.ts';
import { createBreakGlassDoors } from './break-glass-doors.ts';
import { callWebhooks } from './call-webhooks.ts';
import { createDoorway } from './doorway.ts';
import { findOrphans } from './find-orphans.ts';
import { forgetCalls } from './forget-calls.ts';
import { drawHomeTab, wakeHomes } from './converge-homes.ts';
import { createKeyDoors } from './keys.ts';
import { notifyRequest, type NotifyDeps } from './notify.ts';
import type { Integrations, Jobs, Tokens, Vault } from './ports.ts';
import { readHome } from './read-home.ts';
import { deliverStale, relayOutbox, remind } from './outbox.ts';
import { arm, createReconciler, handOver, turnHours } from './reconcile.ts';
import { createLatenessDoors } from './lateness.ts';
import { createPanicDoors, sweepPanics } from './panics.ts';
import { createPolicyDoors } from './policies.ts';
import { createPreApprovalDoors } from './pre-approvals.ts';
import { createRoleDoors } from './roles.ts';
import { createSettingsDoors } from './settings.ts';
import { recentRights } from './recent-rights.ts';
import { createRequestDoors } from './request-doors.ts';
import { createAllowingDoors } from './allow-form.ts';
import { createAskingDoors } from './request-form.ts';
import { createHistoryDoors } from './request-history.ts';
import { createRouter, type RoutingDeps } from './routing.ts';
import { runCommand } from './run-command.ts';
import { createStandingAccessDoors } from './standing-access.ts';
import { createStandingReviewDoors } from './standing-review.ts';
import { createStepDoors, endFailedSteps } from './steps.ts';
import type { Store } from './store.ts';
import type { UseCases, Work } from './use-cases.ts';
import type { Wakes } from './waiting-room.ts';
import { tellDrift } from './tell-drift.ts';
import { tellLinked } from './link-notices.ts';
import { watchDrift } from './watch-drift.ts';
import { createRequestWatch } from './watch-requests.ts';
import { createWebhookDoors } from './webhooks.ts';
import type { WebhookWire } from './webhooks-store.ts';

export type AppDeps = {
  readonly org: Org;
  readonly store: Store;
  readonly integrations: Integrations;
  readonly vault: Vault;
  readonly webhooks: WebhookWire;
  readonly routing: RoutingDeps;
  /** Undefined: only API keys are taken. */
  readonly tokens?: Tokens | undefined;
  /** Undefined: whoever waits for a request learns of it some seconds later. */
  readonly wakes?: Wakes | undefined;
};

/** The doors for people and programs. */
export function createUseCases(deps: AppDeps): UseCases {
  const { store } = deps;
  const inner: DecideDeps & AppDeps = { ...deps, router: createRouter(deps.routing) };
  const door = createDoorway(store);
  const requests = createRequestDoors(inner, door);
  const doors = { ...requests, preApprovals: createPreApprovalDoors(inner, door) };
  return {
    ...doors,
    asking: createAskingDoors(inner, door, requests),
    allowing: createAllowingDoors(inner, door, doors.preApprovals),
    standingAccess: createStandingAccessDoors(inner, door),
    standingReview: createStandingReviewDoors(inner, door),
    steps: createStepDoors(inner, door),
    breakGlass: createBreakGlassDoors(inner, door),
    panics: createPanicDoors(inner, door),
    lateness: createLatenessDoors(inner, door),
    keys: createKeyDoors(inner, door),
    policies: createPolicyDoors(inner, door),
    settings: createSettingsDoors(inner, door),
    roles: createRoleDoors(inner, door),
    accounts: createAccountDoors(inner, door),
    audit: createAuditDoors(inner, door),
    history: createHistoryDoors(inner, door),
    webhooks: createWebhookDoors(inner, door),
    idempotency: store.idempotency,
    deliveries: store.deliveries,
    accountChanges: store.accountChanges,
    homeTabs: store.home.tabs,
    watch: createRequestWatch(store, deps.wakes, deps.routing.log),
    runCommand: door({ scope: 'command', attempt: 'command.run' }, (caller, argv, program) =>
      runCommand(inner, doors, caller, argv, program),
    ),
    recentRights: (caller) => recentRights(inner, caller),
    home: (caller, position) => readHome(inner, caller, position),
    identify: (org, identity) => store.identify(org, identity),
    linkAccount: (org, account) => store.linkAccount(org, account),
    linkAgain: (org, account) => store.linkAgain(org, account),
    findLink: (org, account) => store.findLink(org, account),
    namedPerson: (org, account) => store.namedPerson(org, account),
    linkedUser: (org, whom) => store.linkedUser(org, whom),
    authenticate: (org, token) => authenticate(deps, org, token),
    recordRefusedCalls: (org, counts) => store.recordRefusedCalls(org, counts),
  };
}

/** An API key, or else a token of an issuer that is believed. */
async function authenticate({ store, tokens }: AppDeps, org: Org, token: string): ReturnType<UseCases['authenticate']> {
  // A token is told by its two dots, and is worth no look-up among the keys.
  const told = tokens !== undefined && /^[^.]+\.[^.]+\.[^.]*$/.test(token) ? await tokens.verify(token) : undefined;
  if (told === 'unavailable') return told;
  if (told !== undefined) return { org, via: 'api', person: await store.identify(org, told.identity), scopes: told.scopes };
  const bearer = await store.authenticate(org, token);
  return bearer === undefined ? undefined : { org, via: 'api', ...bearer };
}

/** What the workers run. */
export function createWork(
  deps: AppDeps &
    Pick<NotifyDeps, 'messenger' | 'escalateAfter' | 'channels'> & {
      readonly jobs: Jobs;
      readonly hands: Hands;
      /** The same store over connections of its own, for what may wait behind whoever decides or is given access. */
      readonly background: Store;
    },
): Work {
  const { store, jobs, hands, background } = deps;
  const behind = { ...deps, store: background, router: createRouter(deps.routing), log: hands.log };
  const notify: Work['notify'] = (id) => notifyRequest(behind, id);
  const reconciler = createReconciler(hands, jobs);
  return {
    ...reconciler,
    handOver: () => handOver(hands, () => reconciler.take()),
    turnHours: () => turnHours(hands),
    panic: () => sweepPanics(store, hands.log),
    watchDrift: () => watchDrift({ ...hands, org: deps.org }),
    findOrphans: () => findOrphans({ ...hands, org: deps.org }),
    tellDrift: () => tellDrift(behind),
    lapse: () => lapseRequests(store, hands.log),
    remind: () => remind(background),
    homes: () => wakeHomes(behind, jobs),
    drawHome: (account) => drawHomeTab(behind, account),
    notify,
    deliver: () => deliverStale({ ...hands, store: background }, notify),
    tellLinked: () => tellLinked(behind),
    endSteps: () => endFailedSteps({ ...behind, stopping: hands.stopping }),
    arm: async () => arm(hands.log, jobs, await store.dueSeconds()),
    relay: () => relayOutbox(store, jobs, hands.log),
    seal: () => store.audit.seal(),
    callWebhooks: () => callWebhooks({ ...behind, stopping: hands.stopping }),
    forget: () => forgetCalls(background),
  };
}
