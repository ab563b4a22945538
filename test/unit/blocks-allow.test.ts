import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowForm, type AllowProps } from '../../blocks/allow-form.ts';
import { standingPerPage, standingReview } from '../../blocks/standing-review.ts';
import { actionIds } from '../../blocks/wire.ts';
import { isDurationSeconds, parseDuration, toSeconds } from '../../src/domain/duration.ts';
import { parseEmail, parseRequestId } from '../../src/domain/ids.ts';
import { instant } from '../../src/domain/time.ts';
import { checkView } from '../../src/sandbox/slack/block-kit/check.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import { must, someRequest } from '../support/http-app.ts';

const hour = must(parseDuration('1h'));
const day = must(parseDuration('1d'));
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 10_000 }),
  fc.constantFrom('', '<!channel> *x* `y`', '\u202eabc', '😀'.repeat(3000), 'x'.repeat(10_000), '\u0000', '\ud800', 'until'),
);
function drawn(view: unknown) {
  const checked = checkView(JSON.parse(JSON.stringify(view)));
  if (!checked.ok) throw new Error(checked.problems.join('\n'));
  return checked.value;
}

const lengths = Array.from({ length: 101 }, (_, index) => index + 60).filter(isDurationSeconds);
const now = instant(Date.UTC(2025, 0, 31, 9));
const window = { opensAt: now, closesAt: instant(now + 86_400_000), duration: hour };
const hours = { days: [true, false, true, false, true, false, true], from: 1380, to: 360, zone: 'America/Argentina/ComodRivadavia' };
const forecasts = (said: string): readonly AllowProps['forecast'][] => [
  undefined,
  { kind: 'opens', to: must(parseEmail('bob@example.com')), window },
  { kind: 'opens', to: must(parseEmail('bob@example.com')), window: { ...window, hours } },
  { kind: 'refused', rejection: { code: 'not-allowed', deniedBy: said } },
  { kind: 'refused', rejection: { code: 'invalid-value', field: 'end', why: said } },
];

describe('whatever things are called', () => {
  it('makes a form of a pre-approval that Slack takes', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.constantFrom(0, 1, 2, 250), fc.nat(4), fc.boolean(), (said, other, count, which, isChosen) => {
        const integrations = Array.from({ length: count }, (_, index) => ({ name: `${said}${index}`, service: index % 2 ? other : said }));
        drawn(
          allowForm({
            integrations,
            accessTypes: Array.from({ length: count }, (_, index) => `${index}${other}`),
            chosen: {
              integration: isChosen ? integrations.at(-1) : undefined,
              accessType: isChosen ? `${count - 1}${other}` : undefined,
              resource: isChosen ? { accessType: other, resource: said, label: other } : undefined,
            },
            durations: lengths,
            maximum: toSeconds({ time: 30, unit: 'd' }),
            now,
            length: day,
            forecast: forecasts(said)[which],
            reasonRequired: isChosen,
            filled: {
              seed: '0123456789abcdef',
              reason: said,
              byEnd: isChosen,
              until: which === 0 ? undefined : instant(which * 4e12 + 1e12),
              start: which === 1 ? instant(1e12) : undefined,
              to: isChosen ? 'U0BOB0001' : undefined,
              stranger: other,
              each: which === 2 ? hour : undefined,
              hours: which === 3 ? { ...hours, zone: said } : which === 2 ? { days: [], from: undefined, to: 0, zone: other } : undefined,
            },
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('makes a review of standing access that Slack takes, with boxes for no more than are listed', () => {
    fc.assert(
      fc.property(nasty, fc.nat(20), fc.boolean(), (said, count, hasMore) => {
        const request = someRequest();
        const requests = Array.from({ length: count }, (_, index) => ({
          ...request,
          id: must(parseRequestId(`01938a00-0000-7000-8000-${String(index).padStart(12, '0')}`)),
          permission: { integration: said, service: said, accessType: said, resource: said },
        }));
        const view = drawn(standingReview({ requests, after: hasMore ? request.id : undefined, hasMore, notice: [] }));
        const boxes = elementsOf(view.blocks).filter(({ element }) => element.action_id === actionIds.standingChosen);
        expect(boxes).toHaveLength(Math.min(count, standingPerPage));
      }),
      { numRuns: 40 },
    );
  });
});
