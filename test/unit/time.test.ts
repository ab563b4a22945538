import { expect, it } from 'vitest';
import { instant, isoTime } from '../../src/domain/time.ts';

it('writes every time as RFC 3339 can, whose last year is 9999', () => {
  expect(isoTime(instant(Date.UTC(2026, 0, 31, 9)))).toBe('2026-01-31T09:00:00.000Z');
  // Found by the fuzz: standing access kept for some thousand years.
  expect(isoTime(instant(Date.UTC(10612, 4, 7)))).toBe('9999-12-31T23:59:59.999Z');
});
