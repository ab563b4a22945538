import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { RulesApplied, Transaction } from '../app/store.ts';
import { type Org, parseRequestId } from '../domain/ids.ts';
import { type Decider, isSelf, type PermissionRequest, type Person } from '../domain/request.ts';
import type { Settings } from '../domain/settings.ts';
import { recurringWindowText } from '../domain/recurring-window.ts';
import { timestamp, toInstant } from './clock.ts';
import { createBreakGlassWrites } from './break-glass.ts';
import type { Db } from './database.ts';
import { auditFrom, lookFrom, notifyFrom, rulesData } from './journal.ts';
import { createKeyWrites } from './keys.ts';
import { findOrAddPerson } from './people.ts';
import { createPanicWrites } from './panics.ts';
import { createPolicyWrites } from './policies.ts';
import { createAccountWrites } from './linked-accounts.ts';
import { createRoleWrites } from './roles.ts';
import { createSettingsWrites } from './settings.ts';
import { createPreApprovalWrites } from './pre-approvals.ts';
import { createReads } from './reads.ts';
import { createStepWrites } from './steps.ts';
import { createWaitingWrites } from './waiting.ts';
import { createWebhookWrites } from './webhooks.ts';

const rulesJson = (rules: RulesApplied, besides: object = {}) => sql`${JSON.stringify(rulesData(rules, besides))}::jsonb`;
/** Only a rule that has one party on lets this happen; undefined: none of those who decided would gain by it. */
const isOneParty = (request: PermissionRequest, by: Decider, others: readonly Person[] = []): true | undefined =>
  (by.kind === 'person' ? [by.person, ...others] : others).some(({ id }) => isSelf(request, id)) ? true : undefined;

/** Until the commit nobody lowers what is decided by here; a row that is not there yet cannot be locked (I6). */
async function holdSettings(tx: Db, org: Org): Promise<Settings> {
  await sql`select pg_advisory_xact_lock_shared(hashtext('curfew settings'), hashtext(${org}))`.execute(tx);
  return createReads(tx).settings(org);
}

/**
 * Locks are taken in one order everywhere: role bindings, person, request, settings, right, grant. What only owners change
 * (policies, keys, webhooks) is locked after the role bindings and holds up nobody else. Making a person known is a lock of theirs.
 */
export function createTransaction(tx: Db): Transaction {
  const settingsOf = new Map<Org, Promise<Settings>>();
  return {
    ...createReads(tx),
    holdsConnection: true,
    preApprovals: createPreApprovalWrites(tx),
    webhooks: createWebhookWrites(tx),
    steps: createStepWrites(tx),
    breakGlass: createBreakGlassWrites(tx),
    panics: createPanicWrites(tx),
    waiting: createWaitingWrites(tx),
    keys: createKeyWrites(tx),
    policyBook: createPolicyWrites(tx),
    jitSettings: createSettingsWrites(tx),
    roles: createRoleWrites(tx),
    accounts: createAccountWrites(tx),
    settings(org) {
      const read = settingsOf.get(org) ?? holdSettings(tx, org);
      settingsOf.set(org, read);
      return read;
    },
    async now() {
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(tx);
      return toInstant(rows[0]);
    },
    person: (org, email) => findOrAddPerson(tx, org, email),
    async lockPerson(org, person) {
      // A change, and not only a lock: a statement that was waiting for us must find that we were here (plain-asks.ts).
      await sql`update people set asks = asks + 1 where org = ${org} and id = ${person}`.execute(tx);
    },
    async lockRequest(org, id) {
      // With an extension the first of its chain, whose row is the lock of all: what is decided about one holds for the others.
      await sql`select from requests where org = ${org}
        and id in (${id}, (select first_id from requests where org = ${org} and id = ${id})) order by id for no key update`.execute(tx);
      return createReads(tx).request(org, id);
    },
    async addRequest(actor, draft) {
      const id = parseRequestId(uuidv7());
      if (id === undefined) throw new Error('uuid made an id that is none');
      const { permission } = draft;
      // Whoever keeps standing access for another term did not ask for it.
      const isOwn = actor.kind === 'person' && actor.id === draft.requestor.id;
      const besides = { outcome: draft.outcome, extends: draft.extension?.of, ...(isOwn ? {} : { requestor: draft.requestor.email }) };
      await sql`with t as (
          insert into requests (org, id, requestor_id, principal_id, integration, service, access_type, resource, reason, asked_seconds, duration_named, created_at, approvable_until, extends, first_id, key_makers)
          values (${draft.org}, ${id}, ${draft.requestor.id}, ${draft.principal.id}, ${permission.integration}, ${permission.service},
            ${permission.accessType}, ${permission.resource}, ${draft.reason ?? null}, ${draft.asked}, ${draft.durationNamed}, ${timestamp(draft.createdAt)}, ${timestamp(draft.approvableUntil)},
            ${draft.extension?.of ?? null}, ${draft.extension?.first ?? null}, ${[...draft.keyMakers]}::uuid[])
          returning org, id as request_id, null::uuid as grant_id, principal_id, integration, access_type, resource, reason, asked_seconds),
        a as (${auditFrom(
          't',
          'request.submitted',
          actor,
          sql`jsonb_build_object('principal', principal_id, 'integration', integration,
          'accessType', access_type, 'resource', resource, 'reason', reason, 'askedSeconds', asked_seconds) || ${rulesJson(draft.rules, besides)}`,
        )})
        ${notifyFrom('t')}`.execute(tx);
      return id;
    },
    async claimAccount(org, integration, account, person) {
      // No index is named: the table has two that this may meet, and one that is not named would refuse whoever comes at the same time.
      const { rows } = await sql<{ holder: string }>`with claimed as (
          insert into accounts (org, integration, account, person_id) values (${org}, ${integration}, ${account}, ${person})
          on conflict do nothing returning person_id)
        select person_id as holder from claimed
        union all select person_id from accounts where org = ${org} and integration = ${integration} and account = ${account}`.execute(tx);
      // Nobody ever gives one up. Where somebody claimed it in this very moment, the statement waited for them and does not see their row.
      const holder = rows[0]?.holder ?? (await createReads(tx).accountHolder(org, integration, account));
      return holder === person;
    },
    async approve(actor, request, decision) {
      const account = sql`${decision.account}`;
      const { hours } = decision;
      await sql`with t as (
          update requests set state = 'approved', decided_at = ${timestamp(decision.at)},
            decided_by = ${decision.by.kind === 'person' ? decision.by.person.id : null},
            decided_policy = ${decision.by.kind === 'policy' ? decision.by.name : null}, decided_seconds = ${decision.duration}
          where org = ${request.org} and id = ${request.id} and state = 'pending' returning *),
        r as (
          insert into rights (org, id, integration, service, access_type, resource, person_id, account, lane, due_at)
          select t.org, ${uuidv7()}::uuid, t.integration, t.service, t.access_type, t.resource, t.principal_id, ${account}, 'give', clock_timestamp() from t
          on conflict (org, integration, access_type, resource, person_id) do update
            set generation = rights.generation + 1, lane = 'give', due_at = clock_timestamp(),
              account = case when rights.baseline is null then excluded.account else rights.account end
          returning org, id as right_id),
        g as (
          insert into grants (org, id, request_id, right_id, seconds, standing, latest_end, provision_until, recurring, opens_at, closes_at, chain_from)
          select t.org, ${uuidv7()}::uuid, t.id, r.right_id, ${decision.lasts}, ${decision.standing},
            ${timestamp(decision.latestEnd)}, ${timestamp(decision.provisionUntil)}, ${hours === undefined ? null : recurringWindowText(hours.window)},
            ${hours === undefined ? null : timestamp(hours.span.opensAt)}, ${hours === undefined ? null : timestamp(hours.span.closesAt)},
            -- Standing access counts from when it was approved, and so anew when it was approved anew.
            (select case when ${decision.standing} then ${timestamp(decision.at)} else coalesce(x.chain_from, x.granted_at) end
              from grants x where x.org = t.org and x.request_id = t.extends) from t, r
          returning org, request_id, id as grant_id, right_id, seconds, latest_end),
        a as (${auditFrom('g', 'request.approved', actor, sql`jsonb_build_object('seconds', ${decision.duration}::bigint, 'latestEnd', latest_end) || ${rulesJson(decision.rules, { preApproval: decision.preApproval, window: hours && recurringWindowText(hours.window), with: decision.with?.map(({ email }) => email), oneParty: isOneParty(request, decision.by, decision.with) })}`)}),
        l as (${lookFrom('g')})
        ${notifyFrom('g')}`.execute(tx);
    },
    async endorse(actor, request, { by, at, duration, keyMakers }, rules) {
      const mine = JSON.stringify([{ person: by.id, email: by.email, at, seconds: duration, keyMakers }]);
      await sql`with t as (
          update requests set endorsements =
            (select coalesce(jsonb_agg(e), '[]') from jsonb_array_elements(endorsements) e where e->>'person' <> ${by.id}) || ${mine}::jsonb
          where org = ${request.org} and id = ${request.id} and state = 'pending'
          returning org, id as request_id, null::uuid as grant_id),
        a as (${auditFrom('t', 'request.endorsed', actor, rulesJson(rules, { seconds: duration, oneParty: isOneParty(request, { kind: 'person', person: by }) }))})
        ${notifyFrom('t')}`.execute(tx);
    },
    async deny(actor, request, decision) {
      await sql`with t as (
          update requests set state = 'denied', decided_at = ${timestamp(decision.at)}, decided_reason = ${decision.reason ?? null},
            decided_by = ${decision.by.kind === 'person' ? decision.by.person.id : null},
            decided_policy = ${decision.by.kind === 'policy' ? decision.by.name : null}
          where org = ${request.org} and id = ${request.id} and state = 'pending'
          returning org, id as request_id, null::uuid as grant_id, decided_reason),
        a as (${auditFrom('t', 'request.denied', actor, sql`jsonb_build_object('reason', decided_reason) || ${rulesJson(decision.rules, { oneParty: isOneParty(request, decision.by) })}`)})
        ${notifyFrom('t')}`.execute(tx);
    },
    async close(actor, request, as, at) {
      await sql`with t as (
          update requests set state = ${as}, decided_at = ${timestamp(at)}
          where org = ${request.org} and id = ${request.id} and state = 'pending' returning org, id as request_id, null::uuid as grant_id),
        a as (${auditFrom('t', `request.${as}`, actor)})
        ${notifyFrom('t')}`.execute(tx);
    },
    async endGrant(actor, request, grant, end) {
      // The right before the grant, as everywhere; and only now, so that nobody can hold it up by being refused.
      await sql`select from rights where org = ${request.org} and id = (select right_id from grants where org = ${request.org} and id = ${grant})
        for no key update`.execute(tx);
      // What should be gone already does not get a later end by this: its lateness counts from when it had to end.
      await sql`with g as (
          update grants set state = 'ending', end_kind = ${end.kind}, end_at = least(clock_timestamp(), expires_at),
            ended_by = ${end.kind === 'revoked' ? end.by : null}, end_reason = ${end.kind === 'revoked' ? (end.reason ?? null) : null}
          where org = ${request.org} and id = ${grant} and state in ('planned', 'active')
          returning org, request_id, id as grant_id, right_id, end_reason),
        r as (
          update rights set generation = generation + 1, lane = 'take', due_at = clock_timestamp()
          from g where rights.org = g.org and rights.id = g.right_id),
        a as (${auditFrom('g', `grant.${end.kind}`, actor, sql`jsonb_build_object('reason', end_reason)`)}),
        l as (${lookFrom('g')})
        ${notifyFrom('g')}`.execute(tx);
    },
    async takeSecret(actor, request, integration, account) {
      const { rows } = await sql<{ secret: string }>`with held as (
          select secret from accounts where org = ${request.org} and integration = ${integration} and account = ${account} and secret is not null for update),
        t as (
          update accounts set secret = null where org = ${request.org} and integration = ${integration} and account = ${account} and secret is not null
          returning org, ${request.id}::uuid as request_id, null::uuid as grant_id),
        a as (${auditFrom('t', 'secret.shown', actor)}),
        n as (${notifyFrom('t')})
        select secret from held`.execute(tx);
      return rows[0]?.secret;
    },
  };
}
