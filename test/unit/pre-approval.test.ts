import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/domain/duration.ts';
import { planWindow, windowText } from '../../src/domain/pre-approval.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { parseStartTime } from '../../src/domain/start-time.ts';
import { instant } from '../../src/domain/time.ts';
import { allowedReply } from '../../blocks/replies.ts';
import { parsePreApprovalId } from '../../src/domain/ids.ts';
import { bob, carol, must, org } from '../support/http-app.ts';

const now = instant(Date.UTC(2026, 0, 31, 9));
const seconds = (text: string) => must(parseDuration(text));
const wish = (more: { length?: string; duration?: string; start?: string; end?: string } = {}) => ({
  length: more.end === undefined ? seconds(more.length ?? '5 days') : undefined,
  end: more.end,
  duration: more.duration === undefined ? undefined : seconds(more.duration),
  start: more.start,
});
const plan = (more: Parameters<typeof wish>[0] = {}) => planWindow(wish(more), defaultSettings, now);

describe('planWindow', () => {
  it('opens now and takes the smallest preset where nothing is said', () => {
    expect(plan()).toEqual({ ok: true, value: { opensAt: now, closesAt: instant(now + 5 * 86_400_000), duration: 300 } });
  });

  it.each([
    ['2026-02-01', Date.UTC(2026, 1, 1)],
    ['2026-01-31T08:59:30Z', Date.UTC(2026, 0, 31, 8, 59, 30)],
    ['2026-07-30', Date.UTC(2026, 6, 30)],
  ])('opens at %s', (start, at) => {
    expect(plan({ start })).toMatchObject({ ok: true, value: { opensAt: at } });
  });

  it.each(['2026-01-31T08:58Z', '2026-01-31', '2026-07-31', '2026-02-30', 'soon', ''])('does not open at %j', (start) => {
    expect(plan({ start })).toMatchObject({ ok: false, rejection: { code: 'invalid-value', field: 'start' } });
  });

  it.each([
    [{ end: '2026-02-05' }, now, Date.UTC(2026, 1, 5)],
    [{ end: '2/5/2026' }, now, Date.UTC(2026, 1, 5)],
    [{ start: '2/1/2026', end: '2026-02-01T12:00+02:00' }, Date.UTC(2026, 1, 1), Date.UTC(2026, 1, 1, 10)],
  ])('closes at its end: %j', (more, opensAt, closesAt) => {
    expect(plan(more)).toEqual({ ok: true, value: { opensAt, closesAt, duration: 300 } });
  });

  it.each([
    [{ end: '2026-01-31T09:00Z' }, 'invalid-value'],
    [{ end: '2026-01-30' }, 'invalid-value'],
    [{ start: '2026-03-01', end: '2026-02-28' }, 'invalid-value'],
    [{ end: 'soon' }, 'invalid-value'],
    [{ end: '2026-07-31' }, 'over-maximum'],
  ])('does not close at %j', (more, code) => {
    expect(plan(more)).toMatchObject({ ok: false, rejection: { code, ...(code === 'invalid-value' ? { field: 'end' } : {}) } });
  });

  it.each([{ length: '181d' }, { length: '1d', duration: '181d' }])('keeps the maximum: %j', (more) => {
    expect(plan(more)).toMatchObject({ ok: false, rejection: { code: 'over-maximum' } });
  });
});

describe('parseStartTime', () => {
  it.each([
    ['2026-01-31T09:00', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31T09:00:05.25', '2026-01-31T09:00:05.250Z'],
    ['2026-01-31T09:00+05:30', '2026-01-31T03:30:00.000Z'],
    ['2026-01-31T09:00:00-14:00', '2026-01-31T23:00:00.000Z'],
    ['1/31/2026', '2026-01-31T00:00:00.000Z'],
    ['12/01/2026', '2026-12-01T00:00:00.000Z'],
  ])('reads %s, as UTC without a zone', (text, iso) => {
    expect(parseStartTime(text)).toBe(Date.parse(iso));
  });
});

it('says the window in UTC', () => {
  expect(windowText({ opensAt: now, closesAt: instant(now + 3_600_000) })).toBe('from 2026-01-31 09:00 UTC to 2026-01-31 10:00 UTC');
});

it('tells Slack for whom, what and when', () => {
  const permission = { integration: 'sample', service: 'pg', accessType: 'role', resource: '<!here>' };
  const id = must(parsePreApprovalId('01938a00-0000-7000-8000-000000000401'));
  const window = { opensAt: now, closesAt: instant(now + 3_600_000), duration: seconds('1h') };
  const { text } = allowedReply({
    ...window,
    org,
    id,
    permission,
    principal: bob,
    creator: carol,
    keyMakers: [],
    via: 'slack',
    reason: undefined,
    createdAt: now,
    ended: undefined,
  });
  for (const part of ['bob@example.com', '&lt;!here&gt;', '2026-01-31 09:00 UTC', '2026-01-31 10:00 UTC', '1 hour', id])
    expect(text).toContain(part);
});
