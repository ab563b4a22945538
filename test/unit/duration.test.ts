import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeDuration,
  type DurationSeconds,
  isDurationSeconds,
  optionLabel,
  parseDuration,
  parseTimeUnit,
  shortDuration,
  type TimeUnit,
  toSeconds,
} from '../../src/domain/duration.ts';

/** Any UTF-16 at all, halves of characters included. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

const units: readonly TimeUnit[] = ['s', 'm', 'h', 'd', 'w'];
const each = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const seconds = (text: string): DurationSeconds => {
  const parsed = parseDuration(text);
  if (parsed === undefined) throw new Error(`${text} is not a duration`);
  return parsed;
};

describe('parseDuration', () => {
  it.each([
    ['1s', 1],
    ['30m', 1800],
    ['2h', 7200],
    ['1d', 86_400],
    ['1w', 604_800],
    ['999999w', 999_999 * 604_800],
    ['1 second', 1],
    ['10 minutes', 600],
    ['2 hours', 7200],
    ['24 hours', 86_400],
    ['5 days', 432_000],
    ['1 week', 604_800],
    ['1 month', 2_592_000],
    ['2 months', 5_184_000],
  ])('reads %s as %d seconds', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    '0s',
    '0 minutes',
    '01m',
    '1000000s',
    '1000000 seconds',
    '999999 months',
    '-1h',
    '+1h',
    '1.5h',
    '1e3s',
    '0x1s',
    '1',
    'h',
    '1H',
    '1M',
    '1mo',
    '1 m',
    '1  hour',
    '1\u00a0hour',
    '1\thour',
    ' 1h',
    '1h ',
    '1h\n',
    '1 hours',
    '2 hour',
    '1 hourss',
    '1 Hour',
    '1 hr',
    '1 year',
    '1hour',
    'one hour',
    '1h30m',
    '１h',
    '٣h',
    '1 constructor',
    '1 toStrings',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('accepts every short form and no neighbour of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom(...units), (time, unit) => {
        expect(parseDuration(`${time}${unit}`)).toBe(time * each[unit]);
        expect(parseDuration(`0${time}${unit}`)).toBeUndefined();
        expect(parseDuration(`${time}${unit}s`)).toBeUndefined();
      }),
    );
  });

  it('reads every label of the settings API back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom(...units), (time, unit) => {
        expect(parseDuration(optionLabel({ time, unit }))).toBe(toSeconds({ time, unit }));
      }),
    );
  });

  it('gives a duration or undefined for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseDuration(text);
        expect(parsed === undefined || isDurationSeconds(parsed)).toBe(true);
      }),
    );
  });
});

describe('isDurationSeconds', () => {
  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 999_999 * 604_800 + 1, 2 ** 53])('refuses %d', (value) => {
    expect(isDurationSeconds(value)).toBe(false);
  });
  it('accepts whole positive numbers', () => {
    expect(isDurationSeconds(1)).toBe(true);
    expect(isDurationSeconds(999_999 * 604_800)).toBe(true);
  });
});

describe('time and unit of the settings API', () => {
  it.each([
    [0, 'm'],
    [-5, 'm'],
    [1.5, 'h'],
    [1_000_000, 's'],
    [Number.NaN, 's'],
    [1, 'M'],
    [1, 'month'],
    [1, ''],
    [1, '__proto__'],
    [1, 'constructor'],
  ])('refuses %d %j', (time, unit) => {
    expect(parseTimeUnit(time, unit)).toBeUndefined();
  });

  it('keeps 24 hours and 1 day apart', () => {
    expect(parseTimeUnit(24, 'h')).toEqual({ time: 24, unit: 'h' });
    expect(optionLabel({ time: 24, unit: 'h' })).toBe('24 hours');
    expect(optionLabel({ time: 1, unit: 'd' })).toBe('1 day');
    expect(toSeconds({ time: 24, unit: 'h' })).toBe(toSeconds({ time: 1, unit: 'd' }));
  });

  it('makes the labels of the contract', () => {
    const labels = (['1s', '5m', '1h', '24h', '168h', '1d', '180d', '1w', '2w'] as const).map((text) => {
      const duration = parseTimeUnit(Number(text.slice(0, -1)), text.slice(-1));
      return duration && optionLabel(duration);
    });
    expect(labels).toEqual(['1 second', '5 minutes', '1 hour', '24 hours', '168 hours', '1 day', '180 days', '1 week', '2 weeks']);
  });

  it('throws on a duration that nothing parsed', () => {
    expect(() => toSeconds({ time: 0, unit: 'h' })).toThrow(RangeError);
    expect(() => toSeconds({ time: 1.5, unit: 's' })).toThrow(RangeError);
  });
});

describe('durations for people', () => {
  it.each([
    ['1s', '1 second', '1s'],
    ['90s', '1 minute 30 seconds', '90s'],
    ['60m', '1 hour', '1h'],
    ['90m', '1 hour 30 minutes', '90m'],
    ['24h', '1 day', '1d'],
    ['25h', '1 day 1 hour', '25h'],
    ['168h', '1 week', '1w'],
    ['14d', '2 weeks', '2w'],
    ['720h', '30 days', '30d'],
    ['90061s', '1 day 1 hour 1 minute 1 second', '90061s'],
  ])('%s is %s, in short %s', (text, described, short) => {
    expect(describeDuration(seconds(text))).toBe(described);
    expect(shortDuration(seconds(text))).toBe(short);
  });

  it('add up to what they describe', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }).filter(isDurationSeconds), (duration) => {
        const parts = describeDuration(duration).match(/\d+ [a-z]+/g) ?? [];
        expect(parts.reduce((sum, part) => sum + seconds(part), 0)).toBe(duration);
        expect(parseDuration(shortDuration(duration))).toBe(duration);
      }),
    );
  });
});
