import { RE2JS } from 're2js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPatternMatch } from '../../src/patterns.ts';

afterEach(() => vi.restoreAllMocks());

describe('patterns that people write', () => {
  it('are found anywhere, in the first 1,024 characters', () => {
    const matches = createPatternMatch();
    expect(matches('b+', 'abbc')).toBe(true);
    expect(matches('^b', 'abbc')).toBe(false);
    expect(matches('x$', `${'a'.repeat(1_024)}x`)).toBe(false);
  });

  it.each(['(?=a)b', '(?<!a)b', String.raw`(a)\1`, 'a{1001}', '((a{100}){100}){100}', '('])(
    'are refused where RE2 cannot do them: %s',
    (pattern) => {
      const matches = createPatternMatch();
      expect(() => matches(pattern, '')).toThrow();
      expect(() => matches(pattern, '')).toThrow();
    },
  );

  it('are compiled once while they are used, and forgotten when thousands of others were', () => {
    const compile = vi.spyOn(RE2JS, 'compile');
    const matches = createPatternMatch();
    const others = (from: number): void => {
      for (let at = from; at < from + 1_500; at++) matches(String(at), '');
    };
    const compiled = (): number => compile.mock.calls.filter(([pattern]) => pattern === 'kept').length;
    matches('kept', '');
    others(0);
    matches('kept', '');
    others(1_500);
    matches('kept', '');
    others(3_000);
    matches('kept', '');
    expect(compiled()).toBe(1);
    others(4_500);
    others(6_000);
    others(7_500);
    matches('kept', '');
    expect(compiled()).toBe(2);
  });
});
