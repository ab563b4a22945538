import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPrintable } from '../../src/domain/said.ts';
import { fitAnswer } from '../../src/domain/target-answer.ts';

const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.double(), fc.boolean(), fc.constant(null));

it('keeps what any target says to two kilobytes that a database can hold', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary', maxLength: 200 }), value, { maxKeys: 40 }), (answer) => {
      const text = JSON.stringify(fitAnswer(answer));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048);
      expect(isPrintable(text)).toBe(true);
      expect(text).not.toContain('\\u0000');
    }),
  );
});

it('says where something was left out, and takes what fits as it is', () => {
  const small = { server: '18.4', role: 'readonly', sessions: 2, isGone: true, validUntil: null };
  expect(fitAnswer(small)).toEqual(small);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`member ${i}`, 'x'.repeat(90)]));
  const { isCut, ...kept } = fitAnswer(many);
  expect(isCut).toBe(true);
  expect(Object.keys(kept).length).toBeGreaterThan(10);
  expect(many).toMatchObject(kept);
});
