import { z } from 'zod';
import { checkInitial, checkOffer, choiceOption, optionGroup, overflowOption, selectOption } from './options.ts';
import { actionable, anyText, chars, dispatchable, focusable, identifier, placeholdable, plainText, style } from './primitives.ts';

const isDate = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date like 2030-12-31');
const isTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time like 23:59');
const epochSeconds = z.int().min(1_000_000_000, 'must be ten digits').max(9_999_999_999, 'must be ten digits');
const select = { ...actionable, ...focusable, ...placeholdable };

const button = z.strictObject({
  type: z.literal('button'),
  ...actionable,
  text: plainText(75),
  value: chars(2000).optional(),
  url: chars(3000).optional(),
  style: style.optional(),
  accessibility_label: chars(75).optional(),
});

const offer = {
  options: z.array(selectOption).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
};

const staticSelect = z
  .strictObject({ type: z.literal('static_select'), ...select, ...offer, initial_option: selectOption.optional() })
  .superRefine(checkOffer)
  .superRefine(checkInitial);

const multiStaticSelect = z
  .strictObject({
    type: z.literal('multi_static_select'),
    ...select,
    ...offer,
    initial_options: z.array(selectOption).min(1).optional(),
    max_selected_items: z.int().min(1).optional(),
  })
  .superRefine(checkOffer)
  .superRefine(checkInitial);

const externalSelect = z.strictObject({
  type: z.literal('external_select'),
  ...select,
  initial_option: selectOption.optional(),
  min_query_length: z.int().min(0).optional(),
});

const usersSelect = z.strictObject({ type: z.literal('users_select'), ...select, initial_user: identifier.optional() });

const conversationsSelect = z.strictObject({
  type: z.literal('conversations_select'),
  ...select,
  initial_conversation: identifier.optional(),
  default_to_current_conversation: z.boolean().optional(),
  response_url_enabled: z.boolean().optional(),
  filter: z
    .strictObject({
      include: z
        .array(z.enum(['im', 'mpim', 'private', 'public']))
        .min(1)
        .optional(),
      exclude_external_shared_channels: z.boolean().optional(),
      exclude_bot_users: z.boolean().optional(),
    })
    .optional(),
});

const overflow = z.strictObject({ type: z.literal('overflow'), ...actionable, options: z.array(overflowOption).min(1).max(5) });
const datepicker = z.strictObject({ type: z.literal('datepicker'), ...select, initial_date: isDate.optional() });
const timepicker = z.strictObject({
  type: z.literal('timepicker'),
  ...select,
  initial_time: isTime.optional(),
  timezone: chars(100).optional(),
});
const datetimepicker = z.strictObject({
  type: z.literal('datetimepicker'),
  ...actionable,
  ...focusable,
  initial_date_time: epochSeconds.optional(),
});

const choices = { ...actionable, ...focusable, options: z.array(choiceOption).min(1).max(10) };
const checkboxes = z
  .strictObject({ type: z.literal('checkboxes'), ...choices, initial_options: z.array(choiceOption).min(1).optional() })
  .superRefine(checkInitial);
const radioButtons = z
  .strictObject({ type: z.literal('radio_buttons'), ...choices, initial_option: choiceOption.optional() })
  .superRefine(checkInitial);

const typed = { action_id: identifier.optional(), ...focusable, ...placeholdable, ...dispatchable };
const plainTextInput = z.strictObject({
  type: z.literal('plain_text_input'),
  ...typed,
  initial_value: chars(3000, 0).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
});
const emailInput = z.strictObject({ type: z.literal('email_text_input'), ...typed, initial_value: chars(3000, 0).optional() });
const urlInput = z.strictObject({ type: z.literal('url_text_input'), ...typed, initial_value: chars(3000, 0).optional() });
const numberInput = z.strictObject({
  type: z.literal('number_input'),
  ...typed,
  is_decimal_allowed: z.boolean(),
  initial_value: chars(100).optional(),
  min_value: chars(100).optional(),
  max_value: chars(100).optional(),
});

const imageElement = z.strictObject({ type: z.literal('image'), image_url: chars(3000), alt_text: chars(2000) });

const pickers = [staticSelect, multiStaticSelect, externalSelect, usersSelect, conversationsSelect, datepicker, timepicker] as const;
const choosers = [checkboxes, radioButtons] as const;

/** Which elements may stand in which block (the element table of Slack's reference). */
export const accessory = z.discriminatedUnion('type', [button, overflow, imageElement, ...pickers, ...choosers]);
export const actionElement = z.discriminatedUnion('type', [button, overflow, datetimepicker, ...pickers, ...choosers]);
export const inputElement = z.discriminatedUnion('type', [
  plainTextInput,
  emailInput,
  urlInput,
  numberInput,
  datetimepicker,
  ...pickers,
  ...choosers,
]);
export const contextElement = z.discriminatedUnion('type', [imageElement, anyText()]);
