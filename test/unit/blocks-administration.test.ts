import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePosition, decodeTurn, encodePosition, encodeTurn } from '../../blocks/home-position.ts';
import {
  decodeEditState,
  decodePolicyRef,
  decodeTrail,
  encodeEditState,
  encodePolicyRef,
  encodeTrail,
} from '../../blocks/policies-wire.ts';
import { policiesList } from '../../blocks/policies.ts';
import { policyForm } from '../../blocks/policy-form.ts';
import { decodeSettingsState, encodeSettingsState } from '../../blocks/settings-wire.ts';
import { settingsForm } from '../../blocks/settings.ts';
import { simulationForm } from '../../blocks/simulation.ts';
import { parseDuration, parseDurationUnit, toSeconds } from '../../src/domain/duration.ts';
import { parseRequestId } from '../../src/domain/ids.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { addExpiryOption, defaultSettings } from '../../src/domain/settings.ts';
import { instant } from '../../src/domain/time.ts';
import { policyText } from '../../src/policy-text.ts';
import { checkView } from '../../src/sandbox/slack/block-kit/check.ts';
import { must } from '../support/http-app.ts';

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 10_000 }),
  fc.constantFrom('', '<!channel> *x* `y`', '\u202eabc', '😀'.repeat(3000), 'x'.repeat(10_000), '\u0000', '```'),
);
const expectView = (view: unknown): void => expect(checkView(JSON.parse(JSON.stringify(view)))).toMatchObject({ ok: true });

const policyNamed = (name: string, words: string): Policy => ({
  name,
  disabled: words.length % 2 === 0,
  requestor: { type: 'group', effect: 'keep', groups: [{ directory: 'local', id: words, label: words }] },
  resource: { type: 'integration', service: words, accessType: words, filters: {} },
  approval: [
    { type: 'p0' },
    { type: 'group', effect: 'keep', groups: [{ directory: 'local', id: words, label: words }] },
    { type: 'deny' },
    { type: 'persistent' },
  ],
});

describe('the windows of owners, whatever is in them', () => {
  it('are such as Slack takes', () => {
    fc.assert(
      fc.property(nasty, fc.integer({ min: 0, max: 101 }), fc.integer({ min: 0, max: 2_000_000 }), (said, presets, count) => {
        const none = { ...defaultSettings, expiryOptions: [] };
        const settings = Array.from({ length: presets }, (_, index) => ({ time: index + 1, unit: 'h' }) as const).reduce(
          addExpiryOption,
          none,
        );
        const shortening = { count, firstEnd: count === 0 ? undefined : instant(1_700_000_000_000) };
        expectView(
          settingsForm({
            settings,
            version: '7',
            filled: { texts: { maxAccess: said, addOptions: '' }, approvals: { allowOneParty: true, requireReason: false } },
            notes: { maxAccess: shortening, standingAccess: { stored: said }, approvable: { problem: said } },
            notice: undefined,
            shown: 'ab'.repeat(8),
          }),
        );
        const name = said.slice(0, 200) || 'x';
        const policies = Array.from({ length: 15 }, (_, index) => ({
          policy: policyNamed(`${name.slice(0, 190)}${index}`, said),
          version: '9'.repeat(18),
        }));
        expectView(
          policiesList({ policies, trail: Array.from({ length: 500 }, () => '9'.repeat(18)), next: '9'.repeat(18), notice: undefined }),
        );
        const findings = Array.from({ length: 30 }, () => ({ severity: 'warning' as const, text: said }));
        expectView(
          policyForm({ policy: { version: '1', name }, shown: 'ab'.repeat(8), yaml: said, findings, notice: undefined, stored: said }),
        );
        const result = {
          outcome: 'ask' as const,
          by: said,
          approvers: Array.from({ length: 20 }, () => said),
          requires: { reason: true, duration: true, preapproval: true },
          preApproval: null,
          breakGlass: { possible: true, by: said, atMost: parseDuration('1h') ?? null },
          refusal: said,
          policies: policies.map(({ policy }) => ({ name: policy.name, matches: 'unknown' as const })),
        };
        expectView(simulationForm({ asked: said, result }));
      }),
      { numRuns: 40 },
    );
  });

  it('say so where a policy is too long for a field', () => {
    const view = policyForm({
      policy: { version: '1', name: 'big' },
      shown: undefined,
      yaml: 'x'.repeat(3001),
      findings: [],
      notice: undefined,
      stored: undefined,
    });
    expect(JSON.stringify(view)).toContain('3001 characters as YAML');
    expect(view.submit).toBeUndefined();
  });
});

describe('what the windows of owners carry', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(), fc.string({ minLength: 1, maxLength: 200 }), (uuid, version, name) => {
        const id = must(parseRequestId(uuid));
        const position = { waiting: { before: id }, requests: 'newest', access: { after: id } } as const;
        expect(decodePosition(encodePosition(position))).toEqual(position);
        expect(decodeTurn(encodeTurn('access', position.waiting))).toEqual({ list: 'access', to: position.waiting });
        const ref = { version: String(version), name };
        expect(decodePolicyRef(encodePolicyRef(ref))).toEqual(ref);
        for (const shown of [undefined, '0123456789abcdef'])
          for (const policy of [undefined, ref]) {
            expect(decodeEditState(encodeEditState({ policy, shown }))).toEqual({ policy, shown });
            expect(decodeSettingsState(encodeSettingsState({ version: ref.version, shown }))).toEqual({ version: ref.version, shown });
          }
        expect(decodeTrail(encodeTrail([ref.version, '7']))).toEqual([ref.version, '7']);
      }),
    );
  });

  it('is read back without trust', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a|b', '__proto__|newest', 'newest|newest|x', '1.', '|', '|1.')),
        (text) => {
          expect(Object.values(decodePosition(text)).every((from) => from === 'newest' || 'before' in from || 'after' in from)).toBe(true);
          for (const decode of [decodeTurn, decodePolicyRef, decodeEditState, decodeSettingsState, decodeTrail]) decode(text);
        },
      ),
    );
    expect(decodeTurn('__proto__|newest')).toBeUndefined();
    expect(decodeTurn('access|before.x')).toBeUndefined();
    expect(decodeTrail('1,2,x')).toEqual([]);
  });
});

describe('a duration with its unit', () => {
  it('is as long as the one without', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^[1-9][0-9]{0,5}[smhdw]$/),
          fc.stringMatching(/^[2-9][0-9]{0,3} (second|minute|hour|day|week|month)s$/),
        ),
        (text) => {
          const unit = parseDurationUnit(text);
          expect(unit === undefined ? undefined : toSeconds(unit)).toBe(parseDuration(text));
        },
      ),
    );
    expect(parseDurationUnit('24h')).toEqual({ time: 24, unit: 'h' });
    expect(parseDurationUnit('1 month')).toEqual({ time: 30, unit: 'd' });
  });
});

describe('a policy as YAML', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed() && !text.includes('\0')),
        (words) => {
          const policy = policyNamed(words, words);
          expect(policyText.read(policyText.write(policy))).toEqual({ policy });
        },
      ),
    );
  });

  it.each([
    ['name: [', 'Not YAML'],
    ['', 'The policy: '],
    ['name: x\nname: y', 'Map keys must be unique'],
    ['name: *nobody', 'alias'],
    ['name: x\nrequestor: {type: any}\nresource: {type: any}\napproval: [{type: nothing}]', 'approval.0'],
    ['name: x\nrequestor: {type: any}\nresource: {type: any}\napproval: []\ncolour: red', 'colour: there is no such member'],
    ['name: x\nrequestor: {type: any}\nresource: {type: any}\napproval: [{type: p0, options: {requireReasn: true}}]', 'requireReasn'],
  ])('is refused with its place: %s', (text, words) => {
    expect(JSON.stringify(policyText.read(text))).toContain(words);
  });

  it('never throws, and follows no bomb of aliases', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(policyText.read(text)).toHaveProperty('problem');
      }),
    );
    const bomb = [
      'a: &a [x, x]',
      ...'bcdefghijk'.split('').map((key, index) => `${key}: &${key} [*${'abcdefghij'[index]}, *${'abcdefghij'[index]}]`),
    ].join('\n');
    expect(policyText.read(bomb)).toHaveProperty('problem');
    expect(policyText.read('a: &a [*a]\n? *a\n: b')).toHaveProperty('problem');
  });
});
