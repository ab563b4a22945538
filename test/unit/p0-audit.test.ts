import { describe, expect, it } from 'vitest';
import type { SealedEvent } from '../../src/app/audit-store.ts';
import { addExpiryOption, defaultSettings, removeExpiryOption, resetExpiryOptions, type Settings } from '../../src/domain/settings.ts';
import { toP0Event } from '../../src/p0-audit.ts';

const person = { kind: 'person', id: '01938a00-0000-7000-8000-000000000001', email: 'alice@example.com', via: 'api', key: 'k1' };
const sealed = (action: string, data: unknown, actor: unknown = person): SealedEvent => ({
  seq: 7,
  id: 9,
  org: 'demo',
  time: '2026-11-25T13:00:00.123987Z',
  action,
  actor,
  request: 'r1',
  grant: null,
  data,
  hash: 'ab',
});

const changed = (name: keyof Settings, before: Settings, after: Settings) => {
  const { action, data } = toP0Event(sealed('settings.changed', { setting: name, before: before[name], after: after[name] }));
  return { action, data };
};

it('has the envelope of P0, and what that has no place for beside it', () => {
  const { action, ...rest } = toP0Event(sealed('request.approved', { seconds: 60 }));
  expect(action).toBe('curfew.request.approved');
  expect(rest).toEqual({
    vendor_account: 'demo',
    timestamp: '2026-11-25T13:00:00.123Z',
    type: 'permission-requests',
    user: { uid: person.id, email: person.email, provider: 'api', groups: null, isAnonymous: false },
    data: { seconds: 60 },
    curfew: { seq: 7, id: 9, hash: 'ab', action: 'request.approved', actor: person, request: 'r1', grant: null },
  });
});

describe('policies', () => {
  const before = { name: 'p', requestor: { type: 'any' }, approval: [{ type: 'auto' }] };
  const after = { name: 'p', approval: [{ type: 'deny' }], disabled: true };
  it.each([
    ['created', null, after, { '-': {}, '+': after }],
    ['deleted', before, null, { '-': before, '+': {} }],
    [
      'updated',
      before,
      after,
      { '-': { requestor: { type: 'any' }, approval: [{ type: 'auto' }] }, '+': { approval: [{ type: 'deny' }], disabled: true } },
    ],
  ])('%s: a diff', (change, was, is, data) => {
    expect(toP0Event(sealed(`policy.${change}`, { name: 'p', version: '3', before: was, after: is }))).toMatchObject({
      type: 'api',
      action: `admin.routing-rules.${change}`,
      data: { name: 'p', version: '3', ...data },
    });
  });

  it('moved: no name of P0 is known', () => {
    const data = { name: 'p', version: '3', before, after: before };
    expect(toP0Event(sealed('policy.moved', data))).toMatchObject({ type: 'api', action: 'curfew.policy.moved', data });
  });

  it('of a shape that nobody knows keep our name and all they say', () => {
    expect(toP0Event(sealed('policy.updated', { rules: 1 }))).toMatchObject({ action: 'curfew.policy.updated', data: { rules: 1 } });
  });
});

describe('settings', () => {
  const twoHours = { time: 2, unit: 'h' } as const;
  const more = addExpiryOption(defaultSettings, twoHours);
  const stored = { ...twoHours, value: '2 hours' };
  const fewer = removeExpiryOption(defaultSettings, '1 week');
  const week = { time: 168, unit: 'h', value: '1 week' };

  it('an expiry option that was added, or taken away', () => {
    expect(changed('expiryOptions', defaultSettings, more)).toEqual({
      action: 'admin.jit.expiry-option.created',
      data: { '-': [], '+': [stored] },
    });
    expect(changed('expiryOptions', more, defaultSettings)).toEqual({
      action: 'admin.jit.expiry-option.deleted',
      data: { '-': [stored], '+': [] },
    });
  });

  it('a reset, and a change that is both and none', () => {
    const other = addExpiryOption(fewer, twoHours);
    expect(changed('expiryOptions', other, resetExpiryOptions(other))).toEqual({
      action: 'admin.jit.expiry-option.reset',
      data: { '-': [stored], '+': [week] },
    });
    const backwards = { ...defaultSettings, expiryOptions: defaultSettings.expiryOptions.toReversed() };
    expect(changed('expiryOptions', backwards, defaultSettings)).toEqual({
      action: 'admin.jit.expiry-option.reset',
      data: { '-': [], '+': [] },
    });
    expect(changed('expiryOptions', defaultSettings, other)).toEqual({
      action: 'curfew.settings.changed',
      data: { setting: 'expiryOptions', before: defaultSettings.expiryOptions, after: other.expiryOptions },
    });
  });

  it('what approvals are by default; durations keep our name', () => {
    const approvals = { ...defaultSettings, defaultApprovals: { allowOneParty: false, requireReason: true } };
    expect(changed('defaultApprovals', defaultSettings, approvals)).toEqual({
      action: 'admin.jit.approval-configuration.updated',
      data: { '-': { requireReason: false }, '+': { requireReason: true } },
    });
    const shorter: Settings = { ...defaultSettings, maxAccess: { time: 1, unit: 'd' } };
    expect(changed('maxAccess', defaultSettings, shorter)).toEqual({
      action: 'curfew.settings.changed',
      data: { setting: 'maxAccess', before: defaultSettings.maxAccess, after: shorter.maxAccess },
    });
  });
});

it.each([
  ['grant.activated', 'permission-requests'],
  ['secret.shown', 'permission-requests'],
  ['pre-approval.created', 'permission-requests'],
  ['webhook.disabled', 'notifier'],
  ['webhook.created', 'api'],
  ['role.bound', 'api'],
  ['refused', 'api'],
  ['something.new', 'api'],
])('%s is of the type %s', (action, type) => {
  expect(toP0Event(sealed(action, {}))).toMatchObject({ type, action: `curfew.${action}`, data: {} });
});

it.each([
  [
    { kind: 'policy', name: 'own' },
    { uid: 'own', email: null, provider: 'policy', isAnonymous: false },
  ],
  [{ kind: 'system' }, { uid: null, email: null, provider: 'system', isAnonymous: false }],
  [{ kind: 'unknown' }, { uid: null, email: null, provider: 'unknown', isAnonymous: true }],
  [null, { uid: null, email: null, provider: 'unknown', isAnonymous: true }],
])('the actor %j', (actor, user) => {
  const told = toP0Event(sealed('refused', {}, actor));
  expect(told.user).toEqual({ ...user, groups: null });
  expect(told.curfew.actor).toEqual(actor);
});
