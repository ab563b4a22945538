import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optionLabel, type TimeUnit, toSeconds } from '../../src/domain/duration.ts';
import {
  addExpiryOption,
  allowedDurations,
  defaultSettings,
  removeExpiryOption,
  resetExpiryOptions,
  type Settings,
  smallestAllowed,
} from '../../src/domain/settings.ts';

const values = (settings: Settings): string[] => settings.expiryOptions.map((option) => option.value);
const duration = fc.record({ time: fc.integer({ min: 1, max: 999_999 }), unit: fc.constantFrom<TimeUnit>('s', 'm', 'h', 'd', 'w') });

describe('allowedDurations', () => {
  it('are the presets of P0 by default', () => {
    expect(allowedDurations(defaultSettings)).toEqual([300, 3600, 86_400, 604_800, 2_592_000]);
    expect(smallestAllowed(defaultSettings)).toBe(300);
  });
  it('leave out what is over the maximum and keep what equals it', () => {
    expect(allowedDurations({ ...defaultSettings, maxAccess: { time: 1, unit: 'h' } })).toEqual([300, 3600]);
  });
  it('are the maximum where no preset is left', () => {
    expect(allowedDurations({ ...defaultSettings, maxAccess: { time: 1, unit: 'm' } })).toEqual([60]);
    expect(allowedDurations({ ...defaultSettings, expiryOptions: [] })).toEqual([180 * 86_400]);
    expect(smallestAllowed({ ...defaultSettings, maxAccess: { time: 1, unit: 's' } })).toBe(1);
  });
  it('are ascending, unique and never over the maximum', () => {
    fc.assert(
      fc.property(fc.array(duration), duration, (options, maxAccess) => {
        const settings = options.reduce(addExpiryOption, { ...defaultSettings, expiryOptions: [], maxAccess });
        const allowed = allowedDurations(settings);
        expect(allowed.length).toBeGreaterThan(0);
        expect(allowed).toEqual([...new Set(allowed)].toSorted((a, b) => a - b));
        expect(Math.max(...allowed)).toBeLessThanOrEqual(toSeconds(maxAccess));
        expect(smallestAllowed(settings)).toBe(allowed[0]);
      }),
    );
  });
});

describe('expiry options', () => {
  it('take the first apply of Terraform, which adds the defaults again', () => {
    const again = defaultSettings.expiryOptions.reduce(addExpiryOption, defaultSettings);
    expect(again).toBe(defaultSettings);
  });
  it('keep 1 day beside 24 hours, and drop it first', () => {
    const both = addExpiryOption(defaultSettings, { time: 1, unit: 'd' });
    expect(values(both).filter((value) => value === '1 day')).toHaveLength(2);
    expect(removeExpiryOption(both, '1 day')).toEqual(defaultSettings);
  });
  it('go by their stored label, else by the formula', () => {
    expect(values(removeExpiryOption(defaultSettings, '1 day'))).toEqual(['5 minutes', '1 hour', '1 week', '30 days']);
    expect(values(removeExpiryOption(defaultSettings, '24 hours'))).toEqual(['5 minutes', '1 hour', '1 week', '30 days']);
    expect(values(removeExpiryOption(defaultSettings, '720 hours'))).toEqual(['5 minutes', '1 hour', '1 day', '1 week']);
  });
  it.each(['', '2 hours', '1 Day', '1day', '__proto__'])('stay for the unknown key %j', (key) => {
    expect(removeExpiryOption(defaultSettings, key)).toBe(defaultSettings);
  });
  it('come back on reset, and nothing else does', () => {
    const changed = { ...removeExpiryOption(defaultSettings, '1 hour'), maxAccess: { time: 1, unit: 'd' } as const };
    expect(resetExpiryOptions(changed)).toEqual({ ...defaultSettings, maxAccess: { time: 1, unit: 'd' } });
  });
  it('are gone when Terraform has destroyed all that it added', () => {
    fc.assert(
      fc.property(fc.array(duration), (options) => {
        const applied = options.reduce(addExpiryOption, defaultSettings);
        expect(new Set(applied.expiryOptions.map(({ time, unit }) => `${time}${unit}`)).size).toBe(applied.expiryOptions.length);
        const plan = [...defaultSettings.expiryOptions, ...options].map(optionLabel);
        expect(plan.reduce(removeExpiryOption, applied).expiryOptions).toEqual([]);
      }),
    );
  });
});
