import { hostname } from 'node:os';
import type pg from 'pg';
import { v4 as uuidv4 } from 'uuid';
import type { Store } from '../app/store.ts';
import { allOrNothing } from './all-or-nothing.ts';
import type { Db } from './database.ts';
import { createAuditStore } from './audit.ts';
import { readClock } from './clock.ts';
import { handOver } from './hand-over.ts';
import { createHomeReads } from './home.ts';
import { createBotTokens } from './bot-tokens.ts';
import { createBreakGlassReads } from './break-glass.ts';
import { createAccountChanges } from './account-changes.ts';
import { createDeliveries } from './deliveries.ts';
import { createDriftStore } from './drift.ts';
import { createDriftNotices } from './drift-notices.ts';
import { createIdempotency } from './idempotency.ts';
import { recordRefusal, recordRefusedCalls } from './journal.ts';
import { createKeyReads } from './keys.ts';
import { readNewer } from './newer.ts';
import { createNotices } from './notices.ts';
import { createAuthenticate } from './authenticate.ts';
import { createLinkNotices } from './link-notices.ts';
import { findLink, linkAccount, linkAgain, linkedUser, namedPerson } from './linked-accounts.ts';
import { identify } from './people.ts';
import { readOutlook } from './outlook.ts';
import { createLatenessReads } from './lateness.ts';
import { createPanicReads } from './panics.ts';
import { createPanicSweeps } from './panic-sweep.ts';
import { createPlainAsks } from './plain-asks.ts';
import { createPolicyReads } from './policies.ts';
import { createPolicyHistoryReads } from './policy-history.ts';
import { createSettingsReads } from './settings.ts';
import { createSignIns } from './sign-ins.ts';
import { createPreApprovalReads } from './pre-approvals.ts';
import { createReads } from './reads.ts';
import { createRequestHistory } from './request-history.ts';
import { createHeld, createRequestPage } from './request-list.ts';
import { createTurnHours } from './hours.ts';
import { claimRights, dueSeconds, isTakingLeft, recordBaseline, settleRights } from './rights.ts';
import { answerPassword, forgetAccounts, offerPassword } from './secrets.ts';
import { createStandingAccessReads } from './standing-access.ts';
import { createStandingReviewReads } from './standing-review.ts';
import { createSteps } from './steps.ts';
import { createTransaction } from './transaction.ts';
import { createAuditChecks, readBacklog, readVitals } from './vitals.ts';
import { createWakeRelay } from './wake-relay.ts';
import { createWebhookQueue } from './webhook-queue.ts';
import { createWebhookReads } from './webhooks.ts';

/** `removals` and `gives` are pools of their own, so that nothing can hold up an expiry (I16), and nothing but that an access that was approved. */
type Connections = { readonly db: Db; readonly pool: pg.Pool; readonly removals: pg.Pool; readonly gives: pg.Pool };

/** The Store port over one database. */
export function createStore({ db, pool, removals, gives }: Connections): Store {
  const worker = `${hostname()}-${uuidv4()}`;
  const idempotency = createIdempotency(db);
  return {
    ...createReads(db),
    ...createNotices(db),
    requestPage: createRequestPage(db),
    held: createHeld(db),
    preApprovals: createPreApprovalReads(db),
    standingAccess: createStandingAccessReads(db),
    standingReview: createStandingReviewReads(db),
    steps: createSteps(db),
    breakGlass: createBreakGlassReads(db),
    lateness: createLatenessReads(db),
    panics: { ...createPanicReads(db), ...createPanicSweeps(db) },
    keys: createKeyReads(db),
    policyBook: createPolicyReads(db),
    policyHistory: createPolicyHistoryReads(db),
    jitSettings: createSettingsReads(db),
    audit: createAuditStore(db),
    webhooks: { ...createWebhookReads(db), ...createWebhookQueue(db) },
    history: createRequestHistory(db),
    home: createHomeReads(db),
    idempotency,
    deliveries: createDeliveries(db),
    accountChanges: createAccountChanges(db),
    botTokens: createBotTokens(db),
    linkNotices: createLinkNotices(db),
    plainAsks: createPlainAsks(pool, createWakeRelay(pool), () => idempotency.isClaimed()),
    transaction: (work) => allOrNothing(db, async (tx) => idempotency.commitWith(tx, await work(createTransaction(tx)))),
    outlook: (org, person) => readOutlook(pool, org, person),
    now: () => readClock(removals),
    async vitals() {
      const [vitals, newer] = await Promise.all([readVitals(db), readNewer(db)]);
      return { ...vitals, newer };
    },
    backlog: () => readBacklog(db),
    newer: () => readNewer(db),
    auditChecks: createAuditChecks(db),
    drift: createDriftStore(pool),
    driftNotices: createDriftNotices(db),
    recordRefusal: recordRefusal(db),
    recordRefusedCalls: recordRefusedCalls(db),
    claim: (lane, limit, targets) => claimRights(lane === 'take' ? removals : gives, worker, lane, limit, targets),
    handOver: () => handOver(removals),
    isTakingLeft: (since, known) => isTakingLeft(removals, worker, since, known),
    recordBaseline: (claim, observed) => recordBaseline(gives, worker, claim, observed),
    settle: (settlements) => settleRights(settlements.some((s) => s.claim.desired === 'absent') ? removals : gives, worker, settlements),
    offerPassword: (claim, sealed) => offerPassword(gives, claim, sealed),
    answerPassword: (claim, taken) => answerPassword(gives, claim, taken),
    forgetAccounts: (claims) => forgetAccounts(removals, claims),
    dueSeconds: () => dueSeconds(pool),
    turnHours: createTurnHours(pool),
    identify: (org, identity) => identify(db, org, identity),
    linkAccount: (org, account) => linkAccount(db, org, account),
    linkAgain: (org, account) => linkAgain(db, org, account),
    findLink: (org, account) => findLink(db, org, account),
    namedPerson: (org, account) => namedPerson(db, org, account),
    linkedUser: (org, whom) => linkedUser(db, org, whom),
    signIns: createSignIns(db),
    authenticate: createAuthenticate(pool),
  };
}
