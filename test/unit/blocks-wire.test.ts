import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDecision, decodeDuration, decodeId, encodeDecision, encodeDuration, rightKey } from '../../blocks/wire.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { parseRequestId } from '../../src/domain/ids.ts';

describe('what travels to Slack and back', () => {
  it('returns as it went', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.stringMatching(/^[0-9a-f]{16}$/), fc.integer({ min: 1, max: 999_999 }), (uuid, digest, count) => {
        const id = parseRequestId(uuid);
        const duration = parseDuration(`${count}s`);
        if (id === undefined || duration === undefined) throw new Error('a fixture is not valid');
        expect(decodeDecision(encodeDecision(id, digest))).toEqual({ id, digest });
        expect(decodeDuration(encodeDuration(duration))).toBe(duration);
        expect(decodeId(id)).toBe(id);
      }),
    );
  });

  it.each([
    undefined,
    '',
    '.',
    'x.0123456789abcdef',
    '01938a00-0000-7000-8000-000000000001',
    '01938a00-0000-7000-8000-000000000001.',
    '01938a00-0000-7000-8000-000000000001.0123456789ABCDEF',
    '01938a00-0000-7000-8000-000000000001.0123456789abcdef.x',
  ])('is undefined where it is garbage: %s', (value) => expect(decodeDecision(value)).toBeUndefined());

  it.each([undefined, '', '0', '-1', '1.5', '1e3', ' 60', '60 ', '0x10', 'Infinity', '9'.repeat(15)])(
    'takes no duration from %s',
    (value) => expect(decodeDuration(value)).toBeUndefined(),
  );

  it('never throws for any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
        (text) => {
          decodeDecision(text);
          decodeDuration(text);
          decodeId(text);
        },
      ),
    );
  });

  it('gives rights keys that fit into an option and differ where the right differs', () => {
    expect(rightKey('a'.repeat(500), 'role', 'x').length).toBeLessThanOrEqual(75);
    expect(rightKey('a', 'b', 'c')).not.toBe(rightKey('a', 'bc', ''));
  });
});
