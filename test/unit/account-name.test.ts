import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Email, parseEmail } from '../../src/domain/ids.ts';
import { accountName, isAccountTemplate } from '../../src/integrations/account-name.ts';

const email = (text: string): Email => {
  const parsed = parseEmail(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};
const nameOf = (address: string, template = '{local}') => accountName(template, email(address), (name) => name === 'admin');

describe('the account name of a person', () => {
  it.each([
    ['bob@example.com', '{local}', 'bob'],
    ['Bob.Builder@Example.com', '{local}', 'bob.builder'],
    ['bob+oncall@example.com', '{local}', 'bob'],
    ['bob+a+b@example.com', '{local}_{domain}', 'bob_example.com'],
    ['_svc-x@example.com', '{local}', '_svc-x'],
    ['7up@example.com', 'p_{local}', 'p_7up'],
  ])('%s by %s is %s', (address, template, account) => {
    expect(nameOf(address, template)).toEqual({ ok: true, value: account });
  });

  it.each([
    ['7up@example.com', '{local}'],
    ['+tag@example.com', '{local}'],
    ['+tag@example.com', 'p_{local}'],
    ['$&@example.com', 'x_{local}'],
    ['bob/x@example.com', '{local}'],
    ['$1@example.com', 'x{local}'],
    ['{domain}@example.com', '{local}'],
    ['admin@example.com', '{local}'],
    [`${'a'.repeat(64)}@example.com`, '{local}'],
    [`bob@${'a'.repeat(60)}.com`, '{local}_{domain}'],
  ])('%s by %s is refused', (address, template) => {
    expect(nameOf(address, template)).toMatchObject({ ok: false, rejection: { code: 'account-unusable' } });
  });

  it('is safe whatever the address', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        const parsed = parseEmail(address);
        if (parsed === undefined) return;
        const name = accountName('{local}_{domain}', parsed, () => false);
        if (name.ok) expect(name.value).toMatch(/^[a-z_][a-z0-9_.-]{0,62}$/);
      }),
    );
  });
});

describe('a template', () => {
  it.each(['{local}', '{local}_{domain}', 'jit-{local}'])('%s will do', (template) => expect(isAccountTemplate(template)).toBe(true));
  it.each(['', 'bob', '{domain}', '{local}{x}', '{Local}', '{local}"', 'É{local}'])('%s will not', (template) =>
    expect(isAccountTemplate(template)).toBe(false),
  );
});
