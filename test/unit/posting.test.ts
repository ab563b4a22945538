import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { toSeconds } from '../../src/domain/duration.ts';
import type { Grant } from '../../src/domain/grant.ts';
import { parseEmail, parseGrantId, parseOrg, parsePersonId, parseRequestId, parseRightId } from '../../src/domain/ids.ts';
import {
  nextNoticeAt,
  parsePostingKey,
  type Place,
  posting,
  postingKey,
  postingsOf,
  slots,
  usual,
  warningAt,
} from '../../src/domain/posting.ts';
import type { PermissionRequest, RequestState } from '../../src/domain/request.ts';
import { instant } from '../../src/domain/time.ts';

const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('not parsed');
  return value;
};
const id = '0198c1a0-0000-7000-8000-000000000001';
const start = instant(Date.UTC(2026, 0, 1));
const minutes = (count: number) => instant(start + count * 60_000);
const bob = { id: must(parsePersonId(id)), email: must(parseEmail('bob@example.com')) };

const requestIn = (state: RequestState, more: Partial<PermissionRequest> = {}): PermissionRequest => ({
  org: must(parseOrg('demo')),
  id: must(parseRequestId(id)),
  requestor: bob,
  keyMakers: [],
  principal: bob,
  permission: { integration: 'sample', service: 'pg', accessType: 'role', resource: 'readonly' },
  reason: 'why',
  asked: toSeconds({ time: 1, unit: 'h' }),
  durationNamed: true,
  createdAt: start,
  approvableUntil: minutes(24 * 60),
  state,
  ...more,
});

const lasting = (count: number, state: Grant['state'] = { kind: 'active', grantedAt: start, expiresAt: minutes(count) }): RequestState => ({
  kind: 'approved',
  by: { kind: 'person', person: bob },
  at: start,
  duration: toSeconds({ time: count, unit: 'm' }),
  grant: {
    id: must(parseGrantId(id)),
    rightId: must(parseRightId(id)),
    account: 'bob',
    duration: toSeconds({ time: count, unit: 'm' }),
    standing: false,
    state,
  },
});
const names = (request: PermissionRequest, now = start, posted: string[] = [], audience: Place[] = [usual]) =>
  postingsOf(
    request,
    posted.map((key) => must(parsePostingKey(key))),
    audience,
    now,
  ).map(postingKey);

describe('the name of a message', () => {
  it('reads back as the same message', () => {
    const places = fc.oneof(
      fc.constant(usual),
      fc.stringMatching(/^[CG][A-Z0-9]{6,10}$|^[a-z0-9_-]{1,80}$/).map((channel): Place => ({ kind: 'channel', channel })),
      fc
        .stringMatching(/^[a-z0-9.+-]{1,20}@[a-z0-9-]{1,20}\.example$/)
        .filter((text) => parseEmail(text) !== undefined)
        .map((text): Place => ({ kind: 'person', email: must(parseEmail(text)) })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...slots), places, fc.nat(99), (slot, to, round) => {
        const made = posting(slot, to, round);
        expect(parsePostingKey(postingKey(made))).toEqual(made);
      }),
    );
  });

  it.each(['', 'party', 'approval-0', 'approval@', 'approval@nobody', 'APPROVAL', 'reminder-100'])('is none: "%s"', (key) => {
    expect(parsePostingKey(key)).toBeUndefined();
  });
});

describe('while a request waits', () => {
  const pending = requestIn({ kind: 'pending' });

  it('reminds after 15 minutes, 1, 4 and 16 hours, and is told of the next time', () => {
    const seen = [0, 14, 15, 59, 60, 240, 960, 1000].map((at) => [
      names(pending, minutes(at)).filter((name) => name.startsWith('reminder')),
      nextNoticeAt(pending, minutes(at)),
    ]);
    expect(seen).toEqual([
      [[], minutes(15)],
      [[], minutes(15)],
      [['reminder-1'], minutes(60)],
      [['reminder-1'], minutes(60)],
      [['reminder-2'], minutes(240)],
      [['reminder-3'], minutes(960)],
      [['reminder-4'], undefined],
      [['reminder-4'], undefined],
    ]);
  });

  it('asks nobody again whose address is spelled otherwise by now, and reminds them below what they have', () => {
    const to = (text: string): Place => ({ kind: 'person', email: must(parseEmail(text)) });
    const audience = [usual, to('carol@example.com'), to('dave+x@example.com')];
    expect(names(pending, minutes(15), ['approval', 'approval@carol+ops@example.com'], audience)).toEqual([
      'approval',
      'approval@carol+ops@example.com',
      'approval@dave+x@example.com',
      'reminder-1',
      'reminder-1@carol+ops@example.com',
      'reminder-1@dave+x@example.com',
      'request',
    ]);
  });

  it('does not remind of what lapses before', () => {
    expect(nextNoticeAt(requestIn({ kind: 'pending' }, { approvableUntil: minutes(15) }), start)).toBeUndefined();
  });

  it('asks in every place, and keeps what was posted elsewhere true', () => {
    const here: Place[] = [
      { kind: 'channel', channel: 'C0PRODUCTION' },
      { kind: 'person', email: bob.email },
    ];
    expect(names(pending, minutes(15), ['approval'], here)).toEqual([
      'approval#C0PRODUCTION',
      'approval@bob@example.com',
      'reminder-1#C0PRODUCTION',
      'reminder-1@bob@example.com',
      'request',
      'approval',
    ]);
  });
});

describe('what was taken at once', () => {
  const owner: Place = { kind: 'person', email: must(parseEmail('olga@example.com')) };
  const used = (review?: { at: number }) => ({
    breakGlass: { at: start, review: review && { by: bob, at: minutes(review.at), note: 'fine' } },
  });
  const over = lasting(30, {
    kind: 'ended',
    end: { kind: 'expired', at: minutes(30) },
    evidence: { observedAt: minutes(30), leftInPlace: undefined, sessionsEnded: 0 },
  });
  const day = 24 * 60;

  it('is told everywhere at once, and reminded of after 1 and 4 hours and then each day for a month, whatever became of it', () => {
    const request = requestIn(over, used());
    const seen = [0, 60, 239, 240, day, 2 * day, 30 * day, 90 * day].map((at) => [
      names(request, minutes(at), [], [usual, owner]).filter((name) => /^(breakglass|unreviewed)/.test(name)),
      nextNoticeAt(request, minutes(at)),
    ]);
    const both = (round: number) => [
      'breakglass',
      'breakglass@olga@example.com',
      `unreviewed-${round}`,
      `unreviewed-${round}@olga@example.com`,
    ];
    expect(seen).toEqual([
      [['breakglass', 'breakglass@olga@example.com'], minutes(60)],
      [both(1), minutes(240)],
      [both(1), minutes(240)],
      [both(2), minutes(day)],
      [both(3), minutes(2 * day)],
      [both(4), minutes(3 * day)],
      [both(32), undefined],
      [both(32), undefined],
    ]);
  });

  it('is told to nobody new once it is reviewed, and kept true where it was told', () => {
    const request = requestIn(over, used({ at: 61 }));
    expect(names(request, minutes(day), ['breakglass', 'unreviewed-1'])).toEqual(['request', 'ended', 'breakglass', 'unreviewed-1']);
    expect(nextNoticeAt(request, minutes(61))).toBeUndefined();
  });

  it('is warned of before its end, too', () => {
    const request = requestIn(lasting(120), used());
    expect(nextNoticeAt(request, minutes(60))).toEqual(minutes(108));
    expect(nextNoticeAt(request, minutes(108))).toEqual(minutes(240));
  });
});

describe('once nobody has decided', () => {
  const lapsed: RequestState = { kind: 'lapsed', at: minutes(60) };

  it('tells whoever asked', () => {
    expect(names(requestIn(lapsed))).toEqual(['request', 'refused']);
  });

  it('tells whom they asked for, too', () => {
    const dave = { id: must(parsePersonId('0198c1a0-0000-7000-8000-000000000002')), email: must(parseEmail('dave@example.com')) };
    expect(names(requestIn(lapsed, { principal: dave }))).toEqual(['request', 'refused', 'refused@dave@example.com']);
    expect(names(requestIn({ kind: 'cancelled', at: minutes(60) }, { principal: dave }))).toEqual(['request']);
  });
});

describe('before the end', () => {
  it.each([
    { lasts: 1, warned: undefined },
    { lasts: 2, warned: 1 },
    { lasts: 60, warned: 54 },
    { lasts: 10 * 24 * 60, warned: 9 * 24 * 60 },
    { lasts: 30 * 24 * 60, warned: 29 * 24 * 60 },
  ])('warns at a tenth, at least a minute and at most a day: $lasts minutes', ({ lasts, warned }) => {
    expect(warningAt(requestIn(lasting(lasts)))).toBe(warned === undefined ? undefined : minutes(warned));
  });

  it('says so once, and keeps that true afterwards', () => {
    const active = requestIn(lasting(60));
    expect(names(active, minutes(53))).toEqual(['request', 'access']);
    expect(nextNoticeAt(active, minutes(53))).toBe(minutes(54));
    expect(names(active, minutes(54))).toEqual(['request', 'access', 'warning']);
    expect(nextNoticeAt(active, minutes(54))).toBeUndefined();
    const ending = requestIn(lasting(60, { kind: 'ending', end: { kind: 'expired', at: minutes(60) } }));
    expect(names(ending, minutes(60), ['request', 'access', 'warning'])).toEqual(['request', 'access', 'warning']);
  });

  it('is silent about access that goes on', () => {
    expect(warningAt(requestIn(lasting(60), { extendedUntil: minutes(120) }))).toBeUndefined();
  });
});
