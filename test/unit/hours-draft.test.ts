import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOfHours, type HoursDraft, textOfDraft, usualHours } from '../../src/domain/hours-draft.ts';
import { must } from '../support/http-app.ts';

const everyDay = Array.from({ length: 7 }, () => true);
const whole: HoursDraft = usualHours('Europe/Paris');

describe('hours in a form', () => {
  it('begin as working hours', () => {
    expect(textOfDraft(whole)).toEqual({ text: 'Mon-Fri 09:00-17:00 Europe/Paris' });
  });

  it.each([
    ['Mon-Fri 09:00-17:00 Europe/Paris', 540, 1020],
    ['Mon,Wed 22:00-06:00 UTC', 1320, 360],
    ['Sat,Sun 00:00-24:00 Asia/Tokyo', 0, 0],
    ['daily 22:30-24:00 UTC', 1350, 0],
  ])('are those of %s, and it is them', (text, from, to) => {
    const draft = must(draftOfHours(text));
    expect(draft).toMatchObject({ from, to });
    expect(textOfDraft(draft)).toEqual({ text });
  });

  it.each<[string, Partial<HoursDraft>, string, string]>([
    ['no day', { days: everyDay.map(() => false) }, 'days', 'Choose at least one day.'],
    ['no days at all', { days: [] }, 'days', 'Choose at least one day.'],
    ['no beginning', { from: undefined }, 'from', 'Choose when the hours begin.'],
    ['no end', { to: undefined }, 'to', 'Choose when the hours end.'],
    ['an end at the beginning', { to: 540 }, 'to', 'The hours must not end when they begin; a whole day is 00:00-24:00.'],
    ['every hour', { days: everyDay, from: 0, to: 0 }, 'days', 'That is always: leave the hours out.'],
  ])('with %s say so at the field', (_what, more, part, why) => {
    expect(textOfDraft({ ...whole, ...more })).toEqual({ part, rejection: { code: 'invalid-value', field: 'window', why } });
  });

  it('are none where the text is none', () => {
    expect(draftOfHours('Mon 9-17 UTC')).toBeUndefined();
    expect(textOfDraft({ ...whole, zone: '+02:00' })).toMatchObject({ part: 'days' });
  });

  it('come back from whatever they are written as', () => {
    const minutes = fc.integer({ min: 0, max: 1439 });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), minutes, minutes, (days, from, to) => {
        const written = textOfDraft({ days, from, to, zone: 'UTC' });
        if ('text' in written) expect(draftOfHours(written.text)).toEqual({ days, from, to, zone: 'UTC' });
      }),
    );
  });
});
