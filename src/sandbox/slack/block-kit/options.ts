import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { anyText, chars, plainText } from './primitives.ts';

/** Slack's page says 150, its types 75: what holds under both. */
const mostValue = 75;

export const selectOption = z.strictObject({ text: plainText(75), value: chars(mostValue), description: plainText(75).optional() });
export const overflowOption = z.strictObject({
  text: plainText(75),
  value: chars(mostValue),
  description: plainText(75).optional(),
  url: chars(3000).optional(),
});
/** Checkboxes and radio buttons also take mrkdwn. */
export const choiceOption = z.strictObject({ text: anyText(75), value: chars(mostValue), description: anyText(75).optional() });

export const optionGroup = z.strictObject({ label: plainText(75), options: z.array(selectOption).min(1).max(100) });

type Offer = { options?: unknown[] | undefined; option_groups?: { options: unknown[] }[] | undefined };
type Initial = Offer & { initial_option?: unknown; initial_options?: unknown[] | undefined };

/** Slack takes options or option_groups: one of them and not both. */
export function checkOffer(element: Offer, context: z.RefinementCtx): void {
  if ((element.options === undefined) === (element.option_groups === undefined)) {
    context.addIssue({ code: 'custom', message: 'must have exactly one of options or option_groups' });
  }
}

/** What is chosen at the start must be one of the options, in every field. */
export function checkInitial(element: Initial, context: z.RefinementCtx): void {
  const offered = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
  const known = (chosen: unknown) => offered.some((option) => isDeepStrictEqual(option, chosen));
  if (element.initial_option !== undefined && !known(element.initial_option)) {
    context.addIssue({ code: 'custom', path: ['initial_option'], message: 'must be one of the options' });
  }
  if (element.initial_options !== undefined && !element.initial_options.every(known)) {
    context.addIssue({ code: 'custom', path: ['initial_options'], message: 'must be among the options' });
  }
}
