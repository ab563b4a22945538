import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEmail, parseEmail, parseGrantId, parseOrg, parseRequestId } from '../../src/domain/ids.ts';

/** Any UTF-16 at all, halves of characters included. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

const canonical = (text: string): string | undefined => {
  const email = parseEmail(text);
  return email && canonicalEmail(email);
};

describe('ids', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  it('are lower-case UUIDs and nothing around them', () => {
    expect(parseRequestId(id)).toBe(id);
    expect(parseGrantId(id)).toBe(id);
    for (const bad of ['', id.toUpperCase(), ` ${id}`, `${id}\n`, id.slice(1), `${id}0`, id.replaceAll('-', '')])
      expect(parseRequestId(bad)).toBeUndefined();
  });
  it('of organisations are slugs', () => {
    for (const good of ['demo', 'a', '0', 'my-org', 'a'.repeat(63)]) expect(parseOrg(good)).toBe(good);
    for (const bad of ['', '-a', 'a-', 'A', 'a/b', 'a b', 'ä', 'a\n', 'a'.repeat(64), '..']) expect(parseOrg(bad)).toBeUndefined();
  });
});

describe('parseEmail', () => {
  it.each([
    ['bob@example.com', 'bob@example.com'],
    ['Bob@Example.COM', 'bob@example.com'],
    [' bob@example.com ', 'bob@example.com'],
    ['bob.o+x@sub.example.com', 'bob.o+x@sub.example.com'],
  ])('reads %j as %s', (text, email) => {
    expect(parseEmail(text)).toBe(email);
  });
  it.each([
    '',
    '@',
    'bob',
    'bob@',
    '@example.com',
    'bob@example',
    'bob@-example.com',
    'bob@example..com',
    'bob@@example.com',
    'bob@example.com.',
    'bo b@example.com',
    'bob\n@example.com',
    "bob'@example.com",
    'bob"@example.com',
    'bob,eve@example.com',
    '<bob@example.com>',
    // U+212A lower-cases to k; a fullwidth letter normalises to a plain one.
    'bo\u212a@example.com',
    '\uff42ob@example.com',
    'bob@ex\u00e4mple.com',
    `${'a'.repeat(65)}@example.com`,
    `bob@${'a'.repeat(250)}.com`,
  ])('refuses %j', (text) => {
    expect(parseEmail(text)).toBeUndefined();
  });
  it('is idempotent and gives ASCII only', () => {
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), anyText), (text) => {
        const email = parseEmail(text);
        if (email === undefined) return;
        expect(parseEmail(email)).toBe(email);
        expect(email).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });
});

describe('canonicalEmail', () => {
  it('takes the plus tag away and nothing else', () => {
    expect(canonical('bob+x@example.com')).toBe('bob@example.com');
    expect(canonical('bob+x+y@example.com')).toBe('bob@example.com');
    expect(canonical('b.ob@example.com')).toBe('b.ob@example.com');
    expect(canonical('+x@example.com')).toBe('+x@example.com');
  });
});
