import { z } from 'zod';

/** A string of `min` to `max` characters. Slack counts code points, neither bytes nor UTF-16 units. */
export function chars(max: number, min = 1) {
  return z.string().superRefine((value, context) => {
    const length = Array.from(value).length;
    if (length < min) context.addIssue({ code: 'custom', message: `must be more than ${min - 1} characters` });
    if (length > max) context.addIssue({ code: 'custom', message: `must be less than ${max + 1} characters` });
  });
}

export function plainText(max = 3000) {
  return z.strictObject({ type: z.literal('plain_text'), text: chars(max), emoji: z.boolean().optional() });
}

function mrkdwn(max = 3000) {
  return z.strictObject({ type: z.literal('mrkdwn'), text: chars(max), verbatim: z.boolean().optional() });
}

export function anyText(max = 3000) {
  return z.discriminatedUnion('type', [plainText(max), mrkdwn(max)]);
}

export const identifier = chars(255);
export const style = z.enum(['primary', 'danger']);

const confirm = z.strictObject({
  title: plainText(100).optional(),
  text: anyText(300),
  confirm: plainText(30).optional(),
  deny: plainText(30).optional(),
  style: style.optional(),
});

/** What every interactive element may carry. */
export const actionable = { action_id: identifier.optional(), confirm: confirm.optional() };
export const focusable = { focus_on_load: z.boolean().optional() };
export const placeholdable = { placeholder: plainText(150).optional() };
export const dispatchable = {
  dispatch_action_config: z
    .strictObject({ trigger_actions_on: z.array(z.enum(['on_enter_pressed', 'on_character_entered'])).min(1) })
    .optional(),
};
