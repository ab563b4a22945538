/** The people, requests and words of the scenes: what stands in the pictures, and what a property test puts in its place. */
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import type { Findings } from '../../src/domain/drift.ts';
import type { Evidence, GrantHours, GrantState } from '../../src/domain/grant.ts';
import { parseEmail, parseGrantId, parsePersonId, parseRequestId, parseRightId, type RequestId } from '../../src/domain/ids.ts';
import type { PermissionRequest, Person, RequestState } from '../../src/domain/request.ts';
import { instant } from '../../src/domain/time.ts';
import { must, org, start } from './http-app.ts';

/** Everything in a scene that people, targets or directories say, and how much there is of what there can be much of. */
export type Words = {
  readonly integration: string;
  readonly service: string;
  readonly accessType: string;
  readonly resource: string;
  readonly label: string;
  readonly reason: string;
  readonly denial: string;
  readonly question: string;
  readonly answer: string;
  /** What a target said to a call that failed. */
  readonly fault: string;
  readonly group: string;
  readonly policy: string;
  readonly command: string;
  readonly yaml: string;
  readonly finding: string;
  readonly presets: number;
  readonly resources: number;
  readonly requests: number;
};

export const ordinaryWords: Words = {
  integration: 'orders-db',
  service: 'pg',
  accessType: 'role',
  resource: 'readonly',
  label: 'Read only',
  reason: 'Customer 4711 cannot see last week’s orders; I want to look at their rows.',
  denial: 'The support tool shows this too, please use that.',
  question: 'Do you need all customers, or is a view of this one enough?',
  answer: 'The one customer is enough.',
  fault: 'could not connect: connection refused',
  group: 'Platform team',
  policy: 'Orders, read only',
  command: 'psql -h db.example.com -U bob orders',
  yaml: 'name: Orders, read only\nrequestor: { type: any }\nresource: { type: integration, service: pg, accessType: role }\napproval:\n  - type: p0\n    options: { requireReason: true }\n',
  finding: 'Nobody but owners could approve this.',
  presets: 4,
  resources: 6,
  requests: 3,
};

const uuid = (end: number): string => `01938a00-0000-7000-8000-${String(end).padStart(12, '0')}`;
export const idOf = (end: number): RequestId => must(parseRequestId(uuid(end)));
const person = (end: number, name: string): Person => ({
  id: must(parsePersonId(uuid(end))),
  email: must(parseEmail(`${name}@example.com`)),
});
export const alice = person(100, 'alice');
export const bob = person(101, 'bob');
export const carol = person(102, 'carol');
export const dave = person(103, 'dave');

export const hour = must(parseDuration('1h'));
export const day = must(parseDuration('1d'));
export const digest = '0123456789abcdef';
/** As Slack gives them. */
export const permalink = 'https://example.slack.com/archives/C0APPROV1/p1767225600000100';
export const after = (minutes: number) => instant(start + minutes * 60_000);
/** When an hour's access ends that was given a minute after it was asked for. */
export const end = after(61);

/** So many presets, ascending, with an hour and a day among them. */
export function presets({ presets: count }: Words): DurationSeconds[] {
  const shown = ['15m', '1h', '8h', '1d'].map((text) => must(parseDuration(text)));
  return count <= shown.length ? shown : Array.from({ length: count }, (_, index) => must(parseDuration(`${index + 1}h`)));
}

export const permissionOf = ({ integration, service, accessType, resource }: Words) => ({ integration, service, accessType, resource });

export const asked = (words: Words, more: Partial<PermissionRequest> = {}): PermissionRequest => ({
  org,
  id: idOf(1),
  requestor: bob,
  keyMakers: [],
  principal: bob,
  permission: permissionOf(words),
  reason: words.reason,
  asked: hour,
  durationNamed: true,
  createdAt: start,
  approvableUntil: instant(start + 86_400_000),
  state: { kind: 'pending' },
  ...more,
});

/** Hours of a standing grant, as they are an hour after the beginning. */
const inHours = (state: GrantState, hours: Pick<GrantHours, 'state' | 'opensAt' | 'closesAt'>): RequestState => {
  const { grant, ...approved } = granted(state, true);
  return { ...approved, grant: { ...grant, hours: { text: 'Mon-Fri 09:00-17:00 Europe/Paris', ...hours } } };
};

const granted = (state: GrantState, standing = false): Extract<RequestState, { kind: 'approved' }> => ({
  kind: 'approved',
  by: { kind: 'person', person: carol },
  at: after(1),
  duration: hour,
  grant: { id: must(parseGrantId(uuid(201))), rightId: must(parseRightId(uuid(301))), account: 'bob', duration: hour, standing, state },
});
const evidence: Evidence = { observedAt: instant(end + 420), leftInPlace: undefined, sessionsEnded: 2 };

const lasting: GrantState = { kind: 'active', grantedAt: after(1), expiresAt: after(100_000) };

/** Every state of a request after its decision. */
export const states = (words: Words) =>
  ({
    denied: { kind: 'denied', by: { kind: 'person', person: carol }, at: after(1), reason: words.denial },
    deniedByPolicy: { kind: 'denied', by: { kind: 'policy', name: words.policy }, at: start, reason: undefined },
    cancelled: { kind: 'cancelled', at: after(1) },
    lapsed: { kind: 'lapsed', at: after(1440) },
    planned: granted({ kind: 'planned', latestEnd: end, provisionUntil: end }),
    active: granted({ kind: 'active', grantedAt: after(1), expiresAt: end }),
    standing: granted({ kind: 'active', grantedAt: after(1), expiresAt: after(1440) }, true),
    openHours: inHours(lasting, { state: 'open', opensAt: start, closesAt: after(480) }),
    closingHours: inHours(lasting, { state: 'closing', opensAt: after(1440), closesAt: after(1920) }),
    closedHours: inHours(lasting, { state: 'closed', opensAt: after(1440), closesAt: after(1920) }),
    beforeHours: inHours(
      { kind: 'planned', latestEnd: after(100_000), provisionUntil: after(1450) },
      { state: 'closed', opensAt: after(1440), closesAt: after(1920) },
    ),
    ending: granted({ kind: 'ending', end: { kind: 'expired', at: end } }),
    ended: granted({ kind: 'ended', end: { kind: 'expired', at: end }, evidence }),
    relinquished: granted({
      kind: 'ended',
      end: { kind: 'relinquished', at: after(30) },
      evidence: { ...evidence, observedAt: instant(after(30) + 310), sessionsEnded: 0 },
    }),
    revoked: granted({
      kind: 'ended',
      end: { kind: 'revoked', at: after(20), by: alice, reason: words.denial },
      evidence: { ...evidence, observedAt: instant(after(20) + 290), leftInPlace: 'another-grant', sessionsEnded: 1 },
    }),
    endedOpen: granted({
      kind: 'ended',
      end: { kind: 'expired', at: end },
      evidence: { ...evidence, sessionsEnded: 0, sessionsMayGoOn: true },
    }),
    failed: granted({ kind: 'failed', at: after(2), why: words.fault }),
  }) satisfies Record<string, RequestState>;

/** What bob took at once, with what carol said to it. */
export function takenAtOnce(words: Words, state: Extract<RequestState, { kind: 'approved' }>, note?: string): PermissionRequest {
  const review = note === undefined ? undefined : { by: carol, at: after(120), note };
  return asked(words, { state: { ...state, by: { kind: 'policy', name: words.policy } }, breakGlass: { at: start, review } });
}

/** What somebody else has changed at a target. */
export function findings({ integration, accessType, resource, fault, requests }: Words): Findings {
  const found = (index: number) => ({
    integration,
    accessType,
    resource,
    account: index === 0 ? 'bob' : `dave${index}`,
    foundAt: after(index),
  });
  const count = Math.max(1, requests);
  const shown = Array.from({ length: Math.min(10, count) }, (_, index) => found(index));
  return {
    removed: { count, shown },
    orphans: {
      count: count + 1,
      shown: [
        { ...found(1), resource: '', isOurs: true, problem: fault },
        ...shown.slice(0, 1).map((each) => ({ ...each, isOurs: false, problem: undefined })),
      ],
    },
  };
}

/** Many requests of one state, each with an id of its own. */
export const many = (words: Words, count: number, state: RequestState, more: Partial<PermissionRequest> = {}): PermissionRequest[] =>
  Array.from({ length: count }, (_, index) => asked(words, { id: idOf(index + 1), state, ...more }));
