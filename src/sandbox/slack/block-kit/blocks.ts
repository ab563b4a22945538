import { z } from 'zod';
import { accessory, actionElement, contextElement, inputElement } from './elements.ts';
import { richText } from './rich-text.ts';
import { anyText, chars, identifier, plainText } from './primitives.ts';

const base = { block_id: identifier.optional() };

const section = z
  .strictObject({
    type: z.literal('section'),
    ...base,
    text: anyText(3000).optional(),
    fields: z.array(anyText(2000)).min(1).max(10).optional(),
    accessory: accessory.optional(),
    expand: z.boolean().optional(),
  })
  .superRefine((block, context) => {
    if (block.text === undefined && block.fields === undefined) {
      context.addIssue({ code: 'custom', message: 'must have text or fields' });
    }
  });

const actions = z.strictObject({ type: z.literal('actions'), ...base, elements: z.array(actionElement).min(1).max(25) });
const context = z.strictObject({ type: z.literal('context'), ...base, elements: z.array(contextElement).min(1).max(10) });
const divider = z.strictObject({ type: z.literal('divider'), ...base });
const header = z.strictObject({ type: z.literal('header'), ...base, text: plainText(150) });
const image = z.strictObject({
  type: z.literal('image'),
  ...base,
  image_url: chars(3000),
  alt_text: chars(2000),
  title: plainText(2000).optional(),
});
const input = z.strictObject({
  type: z.literal('input'),
  ...base,
  label: plainText(2000),
  hint: plainText(2000).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
  element: inputElement,
});
export const knownBlock = z.discriminatedUnion('type', [section, actions, context, divider, header, image, input, richText]);
export type KnownBlock = z.infer<typeof knownBlock>;
