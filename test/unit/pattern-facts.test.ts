import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findsEverything, findsNothing } from '../../src/domain/pattern-facts.ts';
import { createPatternMatch } from '../../src/patterns.ts';

const matches = createPatternMatch();
const find = (pattern: string, text: string): boolean | undefined => {
  try {
    return matches(pattern, text);
  } catch {
    return undefined;
  }
};

describe('a pattern that is found in everything', () => {
  it.each(['', '^', '$', '.*', '^.*', '.*$', '^.*$', '()', 'a*', 'a?', '1|', '^|a', 'a|$', '[^a]*', '\\\\*$', '(?i)x*', 'a{0,3}'])(
    'is %j',
    (pattern) => {
      expect(findsEverything(pattern, find)).toBe(true);
      for (const text of ['', 'a', 'b', 'dev', '1', 'x\\y', '$', '^']) expect(find(pattern, text), text).toBe(true);
    },
  );

  it.each(['.+', 'dev', '^$', '\\b', '\\B', '\\A', '^a*$', '\\$', '\\Q$', '\\Q^\\E', '[$]', '(', '^dev$.', '(?m)^', 'a\\'])(
    'is not %j, or not for certain',
    (pattern) => expect(findsEverything(pattern, find)).toBe(false),
  );
});

describe('a pattern that is found in nothing', () => {
  it.each(['^dev$.', 'a^', 'a^b', '$a', '\\z.', 'x\\A', 'a$b|b^c', '$[ab]', '^$a+', '\\.^'])('is %j', (pattern) => {
    expect(findsNothing(pattern)).toBe(true);
    for (const text of ['', 'a', 'ab', 'dev', 'devs', 'dev\n', 'a\nb']) expect(find(pattern, text), text).toBe(false);
  });

  it.each([
    '',
    '^dev$',
    '$',
    'dev$a*',
    'a*^',
    'a$|b',
    'a$b|c',
    '\\$a',
    '[$]a',
    'a[^b]',
    '(?m)a$.',
    'a(^)',
    '$*a',
    'a{0}^',
    '\\Qa$b\\E',
    '(a$)b',
    'a|^b',
  ])('is not %j, or not for certain', (pattern) => expect(findsNothing(pattern)).toBe(false));
});

it('is never claimed of a pattern for which a text shows otherwise', () => {
  const parts = [
    'a',
    'b',
    '.',
    '^',
    '$',
    '|',
    '*',
    '+',
    '?',
    '{0,2}',
    '{2}',
    '(',
    ')',
    '[^a]',
    '[$a]',
    '\\$',
    '\\^',
    '\\\\',
    '\\b',
    '\\A',
    '\\z',
    '\\Q',
    '\\E',
    '(?m)',
    '(?i)',
  ];
  const texts = ['', 'a', 'b', 'ab', 'ba', 'aa', '$', '^', '\\', 'a$b', 'b^a', 'c', 'c c', 'A'];
  const claims = { everything: 0, nothing: 0 };
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 6 }), (chosen) => {
      const pattern = chosen.join('');
      if (find(pattern, '') === undefined) return;
      if (findsEverything(pattern, find)) {
        claims.everything++;
        for (const text of texts) expect(find(pattern, text), `${pattern} in ${text}`).toBe(true);
      }
      if (findsNothing(pattern)) {
        claims.nothing++;
        for (const text of [...texts, 'a\nb', 'a\n', '\nb']) expect(find(pattern, text), `${pattern} in ${text}`).toBe(false);
      }
    }),
    { numRuns: 6_000, seed: 3 },
  );
  expect(claims.everything).toBeGreaterThan(100);
  expect(claims.nothing).toBeGreaterThan(100);
});
