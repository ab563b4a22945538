import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInside, nextEdge, parseRecurringWindow, recurringWindowText, spanAt } from '../../src/domain/recurring-window.ts';
import { instant } from '../../src/domain/time.ts';

function window(text: string) {
  const parsed = parseRecurringWindow(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
  return parsed.value;
}
const at = (iso: string) => instant(Date.parse(iso));
const edges = (text: string, from: string, count: number): string[] => {
  let moment = at(from);
  return Array.from({ length: count }, () => {
    const edge = nextEdge(window(text), moment);
    if (edge === undefined) return 'never';
    moment = edge.at;
    return `${edge.opens ? 'opens' : 'closes'} ${new Date(edge.at).toISOString()}`;
  });
};

describe('written by people', () => {
  it.each([
    ['Mon-Fri 09:00-17:00 Europe/Paris', 'Mon-Fri 09:00-17:00 Europe/Paris'],
    ['  monday-FRIDAY  9:00–17:00   europe/paris ', 'Mon-Fri 09:00-17:00 Europe/Paris'],
    ['Sun,mon,TUE 0:00-24:00 utc', 'Mon,Tue,Sun 00:00-24:00 UTC'],
    ['Fri-Mon 22:00-06:00 America/New_York', 'Mon,Fri-Sun 22:00-06:00 America/New_York'],
    ['Wed,Wed 22:00-00:00 UTC', 'Wed 22:00-24:00 UTC'],
    ['Sat,Sun 10:00-12:00 Asia/Kolkata', 'Sat,Sun 10:00-12:00 Asia/Kolkata'],
    ['Mon-Sun 08:00-20:00 UTC', 'daily 08:00-20:00 UTC'],
    ['DAILY 08:00-20:00 UTC', 'daily 08:00-20:00 UTC'],
  ])('%j is %j', (given, text) => {
    expect(recurringWindowText(window(given))).toBe(text);
    expect(window(text)).toEqual(window(given));
  });

  it.each([
    ['', 'days, hours and a time zone'],
    ['Mon-Fri 09:00-17:00', 'days, hours and a time zone'],
    ['Mon - Fri 09:00-17:00 UTC', 'without spaces'],
    ['Mon-Fry 09:00-17:00 UTC', 'no days'],
    ['Mon-Wed-Fri 09:00-17:00 UTC', 'no days'],
    ['Mon, 09:00-17:00 UTC', 'no days'],
    ['- 09:00-17:00 UTC', 'no days'],
    ['Mon 9-17 UTC', 'no hours'],
    ['Mon 24:00-06:00 UTC', 'no hours'],
    ['Mon 09:60-17:00 UTC', 'no hours'],
    ['Mon 09:00-24:01 UTC', 'no hours'],
    ['Mon ٠٩:٠٠-17:00 UTC', 'no hours'],
    ['Mon 09:00-09:00 UTC', 'must not end when they begin'],
    ['daily 00:00-24:00 UTC', 'always'],
    ['Mon-Sun 0:00-0:00 UTC', 'always'],
    ['Mon 09:00-17:00 Europe/Pariss', 'no time zone'],
    ['Mon 09:00-17:00 +02:00', 'no time zone'],
    ['Mon 09:00-17:00 <!channel>', 'no time zone'],
    ['Mon 09:00-17:00 __proto__', 'no time zone'],
    [`${' '.repeat(200)}Mon 09:00-17:00 UTC`, 'days, hours and a time zone'],
  ])('refuses %j because of %j', (given, why) => {
    expect(parseRecurringWindow(given)).toMatchObject({
      ok: false,
      rejection: { code: 'invalid-value', field: 'window', why: expect.stringContaining(why) },
    });
  });

  it('refuses whatever else there is, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const parsed = parseRecurringWindow(text);
        if (parsed.ok) expect(parseRecurringWindow(recurringWindowText(parsed.value))).toEqual(parsed);
      }),
    );
  });
});

describe('edges', () => {
  it('of office hours, over a weekend', () => {
    expect(edges('Mon-Fri 09:00-17:00 UTC', '2026-01-30T12:00Z', 3)).toEqual([
      'closes 2026-01-30T17:00:00.000Z',
      'opens 2026-02-02T09:00:00.000Z',
      'closes 2026-02-02T17:00:00.000Z',
    ]);
  });

  it('at the edge itself: open from the first moment on, closed from the last on', () => {
    const office = window('Mon-Fri 09:00-17:00 UTC');
    const inside = ['08:59:59.999', '09:00', '16:59:59.999', '17:00'].map((time) => isInside(office, at(`2026-01-30T${time}Z`)));
    expect(inside).toEqual([false, true, true, false]);
    expect(nextEdge(office, at('2026-01-30T09:00Z'))).toEqual({ at: at('2026-01-30T17:00Z'), opens: false });
  });

  it('over midnight belong to the day on which they begin', () => {
    expect(edges('Fri 22:00-06:00 UTC', '2026-01-30T00:00Z', 3)).toEqual([
      'opens 2026-01-30T22:00:00.000Z',
      'closes 2026-01-31T06:00:00.000Z',
      'opens 2026-02-06T22:00:00.000Z',
    ]);
  });

  it('of whole days in a row are those of the row', () => {
    expect(edges('Mon-Fri 00:00-24:00 Asia/Tokyo', '2026-01-28T12:00Z', 2)).toEqual([
      'closes 2026-01-30T15:00:00.000Z',
      'opens 2026-02-01T15:00:00.000Z',
    ]);
    expect(spanAt(window('Mon-Fri 00:00-24:00 Asia/Tokyo'), at('2026-01-28T12:00Z'))).toEqual({
      opensAt: at('2026-01-25T15:00Z'),
      closesAt: at('2026-01-30T15:00Z'),
    });
  });

  it.each([
    // Clocks go from 2:00 to 3:00 at 01:00 UTC.
    ['Sun 02:30-05:00 Europe/Paris', '2026-03-29T00:00Z', ['opens 2026-03-29T01:00:00.000Z', 'closes 2026-03-29T03:00:00.000Z']],
    ['Sat 22:00-02:30 Europe/Paris', '2026-03-28T20:00Z', ['opens 2026-03-28T21:00:00.000Z', 'closes 2026-03-29T01:00:00.000Z']],
    ['Sun 02:10-02:50 Europe/Paris', '2026-03-28T20:00Z', ['opens 2026-04-05T00:10:00.000Z', 'closes 2026-04-05T00:50:00.000Z']],
    // From 3:00 back to 2:00 at 01:00 UTC.
    ['Sun 02:30-05:00 Europe/Paris', '2026-10-25T00:00Z', ['opens 2026-10-25T00:30:00.000Z', 'closes 2026-10-25T04:00:00.000Z']],
    ['Sat 22:00-02:30 Europe/Paris', '2026-10-24T19:00Z', ['opens 2026-10-24T20:00:00.000Z', 'closes 2026-10-25T00:30:00.000Z']],
    ['daily 09:00-17:00 America/New_York', '2026-03-08T00:00Z', ['opens 2026-03-08T13:00:00.000Z', 'closes 2026-03-08T21:00:00.000Z']],
    ['daily 09:00-17:00 America/New_York', '2026-11-01T00:00Z', ['opens 2026-11-01T14:00:00.000Z', 'closes 2026-11-01T22:00:00.000Z']],
    // Half an hour only.
    ['Sun 02:15-04:00 Australia/Lord_Howe', '2026-10-03T12:00Z', ['opens 2026-10-03T15:30:00.000Z', 'closes 2026-10-03T17:00:00.000Z']],
    // The jump is at midnight.
    ['daily 00:15-08:00 Africa/Cairo', '2026-04-23T18:00Z', ['opens 2026-04-23T22:00:00.000Z', 'closes 2026-04-24T05:00:00.000Z']],
    // A whole day was left out.
    ['Fri 09:00-17:00 Pacific/Apia', '2011-12-29T12:00Z', ['opens 2012-01-05T19:00:00.000Z', 'closes 2012-01-06T03:00:00.000Z']],
  ])('of %j from %s on, where clocks change', (text, from, expected) => {
    expect(edges(text, from, 2)).toEqual(expected);
  });
});

const zones = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'America/St_Johns',
  'Pacific/Chatham',
  'Africa/Cairo',
];
const someWindow = fc
  .record({
    days: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }).filter((days) => days.some(Boolean)),
    from: fc.integer({ min: 0, max: 1439 }),
    to: fc.integer({ min: 1, max: 1440 }),
    zone: fc.constantFrom(...zones),
  })
  .filter(({ from, to }) => from !== to && !(from === 0 && to === 1440));
const anytime = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });
const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** What a clock on the wall shows, asked of another formatter than the code's. */
function wallOf(zone: string, ms: number): { readonly day: number; readonly minutes: number; readonly offset: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(ms);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((type) => Number(part(type)));
  const wall = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return { day: days.indexOf(part('weekday')), minutes: (hour ?? 0) * 60 + (minute ?? 0), offset: wall - Math.floor(ms / 1000) * 1000 };
}

describe('of any hours', () => {
  it('the text is read back as the same', () => {
    fc.assert(
      fc.property(someWindow, (each) => {
        expect(window(recurringWindowText(each))).toEqual(each);
      }),
    );
  });

  it('the clock on the wall agrees, on all days but those around a change of the clocks', () => {
    fc.assert(
      fc.property(someWindow, anytime, (each, ms) => {
        const { day, minutes, offset } = wallOf(each.zone, ms);
        fc.pre([-2, -1, 1, 2].every((away) => wallOf(each.zone, ms + away * 86_400_000).offset === offset));
        const wraps = each.to <= each.from;
        const yesterday = each.days[(day + 6) % 7] === true && wraps && minutes < each.to;
        const today = each.days[day] === true && minutes >= each.from && (wraps || minutes < each.to);
        expect(isInside(each, instant(ms))).toBe(yesterday || today);
      }),
      { numRuns: 400 },
    );
  });

  it('nothing changes before the next edge, and everything does at it', () => {
    fc.assert(
      fc.property(someWindow, anytime, fc.double({ min: 0, max: 1, noNaN: true }), (each, ms, share) => {
        const now = instant(ms);
        const edge = nextEdge(each, now);
        if (edge === undefined) throw new Error('hours that never come');
        expect(edge.at).toBeGreaterThan(now);
        expect(edge.at - now).toBeLessThan(15 * 86_400_000);
        expect(isInside(each, now)).toBe(!edge.opens);
        expect(isInside(each, instant(Math.floor(ms + share * (edge.at - ms - 1))))).toBe(!edge.opens);
        expect(isInside(each, edge.at)).toBe(edge.opens);
        expect(isInside(each, instant(edge.at - 1))).toBe(!edge.opens);
      }),
      { numRuns: 400 },
    );
  });

  it('a year has as many edges as weeks have, near every change of the clocks too', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 240, max: 1380 }), (zone, day, from) => {
        const each = { days: days.map((_, index) => index === day), from, to: from + 30, zone };
        let moment = instant(Date.UTC(2026, 0, 1));
        let open = 0;
        for (let count = 0; count < 52; count++) {
          const opens = nextEdge(each, moment);
          const closes = opens === undefined ? undefined : nextEdge(each, opens.at);
          if (opens === undefined || closes === undefined) throw new Error('hours that never come');
          open += closes.at - opens.at;
          moment = closes.at;
          expect(wallOf(zone, opens.at).minutes).toBe(from);
        }
        // Hours that no jump touches are as long in summer as in winter.
        expect(open).toBe(52 * 30 * 60_000);
      }),
      { numRuns: 20 },
    );
  });
});
