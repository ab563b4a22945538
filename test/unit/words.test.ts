import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/domain/words.ts';

/** Any UTF-16 at all, halves of characters included. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

const split = (text: string): readonly string[] | string => {
  const result = splitWords(text, '/access');
  if (result.ok) return result.value;
  return result.rejection.code === 'usage' ? result.rejection.problem : result.rejection.code;
};

describe('splitWords', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  \t\n ', []],
    ['request pg  role\treadonly\n', ['request', 'pg', 'role', 'readonly']],
    ['a\u00a0b', ['a', 'b']],
    ['--reason "look at orders"', ['--reason', 'look at orders']],
    ["--reason 'look at orders'", ['--reason', 'look at orders']],
    ['--reason="look at orders"', ['--reason=look at orders']],
    ['a"b c"d', ['ab cd']],
    [`"it's" 'say "hi"'`, ["it's", 'say "hi"']],
    ['"say \\"hi\\" \\\\ \\n"', ['say "hi" \\ \\n']],
    [`'a\\b'`, ['a\\b']],
    ['a\\ b \\"c\\" \\\\', ['a b', '"c"', '\\']],
    ['a\\', ['a\\']],
    [`"" ''`, ['', '']],
  ])('splits %j like a shell', (text, words) => {
    expect(split(text)).toEqual(words);
  });

  it.each<[string, string[]]>([
    ['--reason “look at orders”', ['--reason', 'look at orders']],
    ['--reason=“look at orders”', ['--reason=look at orders']],
    ['”look at” x', ['look at', 'x']],
    ['“he said "hi"”', ['he said "hi"']],
    ['"he said “hi”"', ['he said “hi”']],
    ['--reason ‘look at orders’', ['--reason', 'look at orders']],
    ['--reason=‘look at orders’', ['--reason=look at orders']],
    ['‘don’t look’ x', ['don’t look', 'x']],
    ['don’t look', ['don’t', 'look']],
  ])('takes the quotes of phones in %j', (text, words) => {
    expect(split(text)).toEqual(words);
  });

  it.each<[string, string[]]>([
    ['—reason x', ['--reason', 'x']],
    ['–reason=x —w', ['--reason=x', '--w']],
    ['a—b — —1 “—reason” "—reason" \\—reason', ['a—b', '—', '—1', '—reason', '—reason', '—reason']],
  ])('makes two hyphens of the dash in %j', (text, words) => {
    expect(split(text)).toEqual(words);
  });

  it.each<[string, string[]]>([
    ['--to <mailto:bob@example.com|bob@example.com>', ['--to', 'bob@example.com']],
    ['--to=<mailto:bob@example.com>', ['--to=bob@example.com']],
    ['"ask <mailto:bob@example.com|bob@example.com>"', ['ask bob@example.com']],
    ['--to <@U1|bob the builder> <#C1|general> <!here>', ['--to', '<@U1|bob the builder>', '<#C1|general>', '<!here>']],
    ['<http://db.example.com|db.example.com>', ['db.example.com']],
    ['<https://x.example.com/a?b=1&amp;c=2>', ['https://x.example.com/a?b=1&c=2']],
    ['<https://x.example.com|click here>', ['https://x.example.com']],
    ['a&amp;b &lt;x&gt; &amp;lt; &quot;', ['a&b', '<x>', '&lt;', '&quot;']],
    ['"&lt;mailto:a|b&gt;"', ['<mailto:a|b>']],
    ['a < b', ['a', '<', 'b']],
    // What Slack has marked up quotes and escapes nothing, not even when nothing is left of it.
    ['"a<mailto:> \\<mailto:> b"', ['a \\ b']],
  ])('undoes what Slack made of %j', (text, words) => {
    expect(split(text)).toEqual(words);
  });

  it.each(['"a', "'a", 'a"', '“a', '‘a', "--reason don't", '"a\\"', `'a\\''`, '“a"'])('refuses the open quote in %j', (text) => {
    expect(split(text)).toBe('A quote is not closed.');
  });

  it('refuses with the usage of the command it has read', () => {
    expect(splitWords('deny 1 --reason "x', '/access')).toMatchObject({ ok: false, rejection: { command: 'deny' } });
    expect(splitWords('"deny', '/access')).toMatchObject({ ok: false, rejection: { command: '' } });
  });

  it('gives back every word that was quoted for it', () => {
    const slack = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const quote = (word: string): string => `"${slack(word.replaceAll('\\', '\\\\').replaceAll('"', '\\"'))}"`;
    fc.assert(
      fc.property(fc.array(anyText), (words) => {
        expect(split(words.map(quote).join(' '))).toEqual(words);
      }),
    );
  });

  it('answers any text', () => {
    const odd = fc.string({
      unit: fc.constantFrom('"', "'", '“', '”', '‘', '’', '\\', '<', '>', '|', '&', 'amp;', 'mailto:', ' ', '=', '—', 'a', '\ud800'),
    });
    fc.assert(
      fc.property(fc.oneof(odd, anyText), (text) => {
        expect(Array.isArray(split(text)) || split(text) === 'A quote is not closed.').toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time in proportion to a long text', () => {
    for (const piece of ['<', '<@', '"\\', '‘’', '&', '<a|']) expect(split(`${piece.repeat(20_000)} x`)).toBeDefined();
  });
});
