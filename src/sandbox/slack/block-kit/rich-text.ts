import { z } from 'zod';
import { chars, identifier } from './primitives.ts';

const flag = z.boolean().optional();
const style = z.strictObject({ bold: flag, italic: flag, strike: flag, code: flag }).optional();
/** Of a mention. */
const highlighted = z
  .strictObject({ bold: flag, italic: flag, strike: flag, highlight: flag, client_highlight: flag, unlink: flag })
  .optional();

const text = z.strictObject({ type: z.literal('text'), text: z.string().min(1), style });
const link = z.strictObject({
  type: z.literal('link'),
  url: chars(3000),
  text: z.string().min(1).optional(),
  unsafe: flag,
  style,
});
const date = z.strictObject({
  type: z.literal('date'),
  timestamp: z.int(),
  format: z.string().min(1),
  url: chars(3000).optional(),
  fallback: z.string().min(1).optional(),
  style,
});
const emoji = z.strictObject({ type: z.literal('emoji'), name: z.string().min(1), unicode: z.string().optional() });
const user = z.strictObject({ type: z.literal('user'), user_id: identifier, style: highlighted });
const usergroup = z.strictObject({ type: z.literal('usergroup'), usergroup_id: identifier, style: highlighted });
const channel = z.strictObject({ type: z.literal('channel'), channel_id: identifier, style: highlighted });
const broadcast = z.strictObject({ type: z.literal('broadcast'), range: z.enum(['here', 'channel', 'everyone']), style });

const leaf = z.discriminatedUnion('type', [text, link, date, emoji, user, usergroup, channel, broadcast]);
const border = z.union([z.literal(0), z.literal(1)]).optional();
const section = z.strictObject({ type: z.literal('rich_text_section'), elements: z.array(leaf) });

/** Strict inside too: what Slack documents, and nothing else. */
export const richText = z.strictObject({
  type: z.literal('rich_text'),
  block_id: identifier.optional(),
  elements: z
    .array(
      z.discriminatedUnion('type', [
        section,
        z.strictObject({
          type: z.literal('rich_text_list'),
          style: z.enum(['bullet', 'ordered']),
          elements: z.array(section),
          indent: z.int().min(0).max(8).optional(),
          offset: z.int().min(0).optional(),
          border,
        }),
        z.strictObject({ type: z.literal('rich_text_quote'), elements: z.array(leaf), border }),
        z.strictObject({
          type: z.literal('rich_text_preformatted'),
          elements: z.array(z.discriminatedUnion('type', [text, link])),
          border,
        }),
      ]),
    )
    .min(1),
});
