import { type RawBuilder, type Kysely, sql } from 'kysely';
import type { DurationSeconds } from '../domain/duration.ts';
import type { End, Evidence, Grant, GrantHours, GrantState } from '../domain/grant.ts';
import {
  type Email,
  type GrantId,
  parseEmail,
  parseGrantId,
  parseOrg,
  parsePersonId,
  parseRequestId,
  parseRightId,
} from '../domain/ids.ts';
import type { Decider, Endorsement, Extension, PermissionRequest, Person, Question, RequestState, Review } from '../domain/request.ts';
import { type Instant, instant } from '../domain/time.ts';
import { isKnownRequest } from './known.ts';
import type { Database } from './tables.ts';

/** What somebody said about a request, as it is stored. */
type Said = { readonly person: string; readonly email: string; readonly at: number; readonly text: string };

/** One request with its people and its grant, as selected by {@link selectRequests}. */
type Row = {
  org: string;
  id: string;
  requestor_id: string;
  requestor_email: string;
  key_makers: string[];
  principal_id: string;
  principal_email: string;
  integration: string;
  service: string;
  access_type: string;
  resource: string;
  reason: string | null;
  asked_seconds: number;
  duration_named: boolean;
  created_at: Date;
  approvable_until: Date;
  state: string;
  decided_at: Date | null;
  decided_by: string | null;
  decider_email: string | null;
  decided_policy: string | null;
  decided_seconds: number | null;
  decided_reason: string | null;
  grant_id: string | null;
  right_id: string | null;
  account: string | null;
  grant_seconds: number | null;
  standing: boolean | null;
  grant_state: string | null;
  latest_end: Date | null;
  provision_until: Date | null;
  granted_at: Date | null;
  expires_at: Date | null;
  end_kind: string | null;
  end_at: Date | null;
  ended_by: string | null;
  ender_email: string | null;
  end_reason: string | null;
  gone_at: Date | null;
  left_in_place: string | null;
  sessions_ended: number | null;
  sessions_go_on: boolean | null;
  untouched: boolean | null;
  failed_at: Date | null;
  why: string | null;
  recurring: string | null;
  opens_at: Date | null;
  closes_at: Date | null;
  opened_at: Date | null;
  closed_at: Date | null;
  extends: string | null;
  first_id: string | null;
  chain_from: Date | null;
  extends_until: Date | null;
  extended_until: Date | null;
  escalated_at: Date | null;
  escalated_reason: string | null;
  paged_at: Date | null;
  groups_asked: number;
  groups_asked_at: Date | null;
  groups_asked_reason: string | null;
  narrowed: { from: string; by: string } | null;
  questions: readonly (Said & { answer?: Said })[];
  nudges: number;
  nudged_at: Date | null;
  endorsements: readonly { person: string; email: string; at: number; seconds: number; keyMakers: readonly string[] }[];
  used_at: Date | null;
  reviewed_at: Date | null;
  reviewed_by: string | null;
  reviewer_email: string | null;
  note: string | null;
};

/**
 * `where` stands behind WHERE and may name `q` (requests), `g` (grants) and `bg` (break_glass). Requests in a state that only a newer release knows
 * are as if they were not there: here, and not after, so that a page is as long as it was asked for.
 */
export async function selectRequests(db: Kysely<Database>, where: RawBuilder<unknown>): Promise<PermissionRequest[]> {
  const { rows } = await sql<Row>`
    select q.org, q.id, q.requestor_id, a.email as requestor_email, q.key_makers, q.principal_id, b.email as principal_email,
      q.integration, q.service, q.access_type, q.resource, q.reason, q.asked_seconds::float8, q.duration_named, q.created_at, q.approvable_until,
      q.state, q.decided_at, q.decided_by, d.email as decider_email, q.decided_policy, q.decided_seconds::float8, q.decided_reason,
      g.id as grant_id, g.right_id, held.account, g.seconds::float8 as grant_seconds, g.standing, g.state as grant_state, g.latest_end, g.provision_until,
      g.granted_at, g.expires_at, g.end_kind, g.end_at, g.ended_by, e.email as ender_email, g.end_reason, g.gone_at, g.left_in_place, g.sessions_ended, g.sessions_go_on, g.untouched,
      g.failed_at, g.why, g.recurring, g.opens_at, g.closes_at, g.opened_at, g.closed_at,
      q.extends, q.first_id, coalesce(x.chain_from, x.granted_at) as chain_from, x.expires_at as extends_until, q.escalated_at, q.escalated_reason, q.paged_at, q.groups_asked, q.groups_asked_at, q.groups_asked_reason, q.narrowed, q.endorsements, q.questions, q.nudges, q.nudged_at,
      bg.used_at, bg.reviewed_at, bg.reviewed_by, reviewer.email as reviewer_email, bg.note,
      (select max(case when y.expires_at is not null then coalesce(y.end_at, y.expires_at) end) from requests e join grants y on y.org = e.org and y.request_id = e.id where e.org = q.org and e.extends = q.id) as extended_until
    from requests q
    join people a on a.org = q.org and a.id = q.requestor_id
    join people b on b.org = q.org and b.id = q.principal_id
    left join people d on d.org = q.org and d.id = q.decided_by
    left join grants g on g.org = q.org and g.request_id = q.id
    left join rights held on held.org = g.org and held.id = g.right_id
    left join people e on e.org = g.org and e.id = g.ended_by
    left join grants x on x.org = q.org and x.request_id = q.extends
    left join break_glass bg on bg.org = q.org and bg.request_id = q.id
    left join people reviewer on reviewer.org = bg.org and reviewer.id = bg.reviewed_by
    where ${isKnownRequest} and ${where}`.execute(db);
  return rows.map(toRequest);
}

function toRequest(row: Row): PermissionRequest {
  return {
    org: must(row, parseOrg(row.org)),
    id: must(row, parseRequestId(row.id)),
    requestor: toPerson(row, row.requestor_id, row.requestor_email),
    keyMakers: row.key_makers.map((id) => must(row, parsePersonId(id))),
    principal: toPerson(row, row.principal_id, row.principal_email),
    permission: { integration: row.integration, service: row.service, accessType: row.access_type, resource: row.resource },
    reason: row.reason ?? undefined,
    asked: seconds(row.asked_seconds),
    durationNamed: row.duration_named,
    createdAt: at(row, row.created_at),
    approvableUntil: at(row, row.approvable_until),
    state: toState(row),
    extension: row.extends === null ? undefined : toExtension(row, row.extends),
    extendedUntil: row.extended_until === null ? undefined : at(row, row.extended_until),
    escalation:
      row.escalated_at === null
        ? undefined
        : { at: at(row, row.escalated_at), reason: row.escalated_reason ?? undefined, isPaged: row.paged_at !== null },
    groupsAsked:
      row.groups_asked === 0
        ? undefined
        : { count: row.groups_asked, at: at(row, row.groups_asked_at), reason: row.groups_asked_reason ?? undefined },
    narrowed: row.narrowed === null ? undefined : { from: row.narrowed.from, by: must(row, parseEmail(row.narrowed.by)) },
    nudges: row.nudges === 0 ? undefined : row.nudges,
    nudgedAt: row.nudged_at === null ? undefined : at(row, row.nudged_at),
    questions: row.questions.length === 0 ? undefined : toQuestions(row),
    endorsements: row.endorsements.length === 0 ? undefined : toEndorsements(row),
    breakGlass: row.used_at === null ? undefined : { at: at(row, row.used_at), review: toReview(row) },
  };
}

function toReview(row: Row): Review | undefined {
  if (row.reviewed_at === null) return undefined;
  const by = toPerson(row, must(row, row.reviewed_by), must(row, row.reviewer_email));
  return { by, at: at(row, row.reviewed_at), note: must(row, row.note) };
}

const toEndorsements = (row: Row): readonly Endorsement[] =>
  row.endorsements.map((each) => ({
    by: toPerson(row, each.person, each.email),
    at: instant(each.at),
    duration: seconds(each.seconds),
    keyMakers: each.keyMakers.map((id) => must(row, parsePersonId(id))),
  }));

function toQuestions(row: Row): readonly Question[] {
  const said = ({ person, email, at: ms, text }: Said) => ({ by: toPerson(row, person, email), at: instant(ms), text });
  return row.questions.map((each) => ({ ...said(each), answer: each.answer === undefined ? undefined : said(each.answer) }));
}

function toExtension(row: Row, of: string): Extension {
  return {
    of: must(row, parseRequestId(of)),
    first: must(row, parseRequestId(row.first_id ?? '')),
    from: at(row, row.chain_from),
    until: at(row, row.extends_until),
  };
}

function toState(row: Row): RequestState {
  switch (row.state) {
    case 'pending':
      return { kind: 'pending' };
    case 'cancelled':
    case 'lapsed':
      return { kind: row.state, at: at(row, row.decided_at) };
    case 'denied':
      return { kind: 'denied', by: toDecider(row), at: at(row, row.decided_at), reason: row.decided_reason ?? undefined };
    case 'approved':
      return {
        kind: 'approved',
        by: toDecider(row),
        at: at(row, row.decided_at),
        duration: seconds(must(row, row.decided_seconds)),
        grant: toGrant(row),
      };
    default:
      return impossible(row);
  }
}

function toDecider(row: Row): Decider {
  if (row.decided_by !== null) return { kind: 'person', person: toPerson(row, row.decided_by, must(row, row.decider_email)) };
  return { kind: 'policy', name: must(row, row.decided_policy) };
}

function toGrant(row: Row): Grant {
  return {
    id: must<GrantId>(row, parseGrantId(row.grant_id ?? '')),
    rightId: must(row, parseRightId(row.right_id ?? '')),
    account: must(row, row.account),
    duration: seconds(must(row, row.grant_seconds)),
    standing: must(row, row.standing),
    hours: row.recurring === null ? undefined : toHours(row, row.recurring),
    state: toGrantState(row),
  };
}

function toHours(row: Row, text: string): GrantHours {
  const opensAt = at(row, row.opens_at);
  const closesAt = at(row, row.closes_at);
  const openedAt = row.opened_at === null ? undefined : at(row, row.opened_at);
  // Seen before these began: it is of those before them.
  const state = openedAt === undefined ? 'closed' : openedAt < opensAt ? 'closing' : 'open';
  return { text, opensAt, closesAt, state, closedAt: row.closed_at === null ? undefined : at(row, row.closed_at) };
}

function toGrantState(row: Row): GrantState {
  switch (must(row, row.grant_state)) {
    case 'planned':
      return { kind: 'planned', latestEnd: at(row, row.latest_end), provisionUntil: at(row, row.provision_until) };
    case 'active':
      return { kind: 'active', grantedAt: at(row, row.granted_at), expiresAt: at(row, row.expires_at) };
    case 'ending':
      return { kind: 'ending', end: toEnd(row) };
    case 'ended':
      return { kind: 'ended', end: toEnd(row), evidence: toEvidence(row) };
    case 'failed':
      return { kind: 'failed', at: at(row, row.failed_at), why: must(row, row.why) };
    default:
      return impossible(row);
  }
}

function toEnd(row: Row): End {
  const ended = at(row, row.end_at);
  switch (must(row, row.end_kind)) {
    case 'expired':
      return { kind: 'expired', at: ended };
    case 'relinquished':
      return { kind: 'relinquished', at: ended };
    case 'removed':
      return { kind: 'removed', at: ended };
    case 'revoked':
      return {
        kind: 'revoked',
        at: ended,
        by: toPerson(row, must(row, row.ended_by), must(row, row.ender_email)),
        reason: row.end_reason ?? undefined,
      };
    default:
      return impossible(row);
  }
}

function toEvidence(row: Row): Evidence {
  const left = row.left_in_place;
  if (left !== null && left !== 'pre-existing' && left !== 'another-grant') return impossible(row);
  return {
    observedAt: at(row, row.gone_at),
    leftInPlace: left ?? undefined,
    sessionsEnded: row.sessions_ended ?? 0,
    ...(row.sessions_go_on === true ? { sessionsMayGoOn: true } : {}),
    ...(row.untouched === true ? { untouched: true } : {}),
  };
}

function toPerson(row: Pick<Row, 'id'>, id: string, email: string): Person {
  return { id: must(row, parsePersonId(id)), email: must<Email>(row, parseEmail(email)) };
}

function must<T>(row: Pick<Row, 'id'>, value: T | null | undefined): T {
  return value ?? impossible(row);
}

const at = (row: Row, date: Date | null): Instant => instant(must(row, date).getTime());
// The column's check makes it positive and whole.
const seconds = (count: number): DurationSeconds => count as DurationSeconds;

function impossible(row: Pick<Row, 'id'>): never {
  throw new Error(`request ${row.id} is stored in a state that does not exist`);
}
