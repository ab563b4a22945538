import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/domain/digest.ts';

describe('digestOf', () => {
  it('does not change between versions: buttons outlive a deploy', () => {
    expect(digestOf({ b: [1, 'x', null, true], a: {} })).toBe('c4b12e9c3f498b94');
  });
  it('ignores the order of members and members that are undefined', () => {
    expect(digestOf({ a: 1, b: { c: 2, d: 3 } })).toBe(digestOf({ b: { d: 3, c: 2 }, a: 1, e: undefined }));
  });
  it.each<[unknown, unknown]>([
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [['a', 'b'], ['a,b']],
    [[], {}],
    ['é', 'e\u0301'],
    ['\u0101', '\u0001\u0001'],
  ])('tells %j from %j', (one, other) => {
    expect(digestOf(one)).not.toBe(digestOf(other));
  });
  it.each<[unknown]>([[1n], [() => 1], [Symbol('x')], [Number.NaN], [[Number.POSITIVE_INFINITY]]])(
    'refuses what JSON cannot carry (%#)',
    (value) => {
      expect(() => digestOf(value)).toThrow(TypeError);
    },
  );
  it('survives a way through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(digestOf(value)).toMatch(/^[0-9a-f]{16}$/);
        expect(digestOf(JSON.parse(JSON.stringify(value)))).toBe(digestOf(value));
      }),
    );
  });
});
