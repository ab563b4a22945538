import { z } from 'zod';
import { knownBlock } from './blocks.ts';
import { chars, plainText } from './primitives.ts';

const shared = {
  blocks: z.array(knownBlock).max(100),
  private_metadata: chars(3000, 0).optional(),
  callback_id: chars(255, 0).optional(),
  external_id: chars(255, 0).optional(),
};

const modal = z.strictObject({
  type: z.literal('modal'),
  ...shared,
  title: plainText(24),
  submit: plainText(24).optional(),
  close: plainText(24).optional(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
});

const home = z.strictObject({ type: z.literal('home'), ...shared });

export const messageBlocks = z.array(knownBlock).max(50);
export const knownView = z.discriminatedUnion('type', [modal, home]);
export type KnownView = z.infer<typeof knownView>;
