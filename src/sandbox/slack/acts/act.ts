import { z } from 'zod';
import type { Json } from '../json.ts';
import type { ElementState, Values } from '../state.ts';

const id = z.string().min(1).max(255);
const elementState = z.custom<ElementState>(
  (value) => z.looseObject({ type: z.string() }).safeParse(value).success,
  'must be the state of an element',
);
const values: z.ZodType<Values> = z.record(id, z.record(id, elementState));
const container = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('message'), channel: id, ts: id }),
  z.strictObject({ kind: z.literal('view'), viewId: id }),
]);
const text = z.string().max(8000);

/** One thing a person does, as the page sends it. `as` is a person's id or name. */
export const act = z.discriminatedUnion('type', [
  z.strictObject({ as: id, type: z.literal('command'), channel: id, text }),
  z.strictObject({ as: id, type: z.literal('message'), channel: id, text }),
  z.strictObject({
    as: id,
    type: z.literal('block_action'),
    container,
    blockId: id,
    actionId: id,
    value: z.string().max(3000).nullish(),
    selectedOption: z.looseObject({}).nullish(),
    selectedOptions: z.array(z.looseObject({})).max(100).nullish(),
    selectedUser: z.string().max(255).nullish(),
    selectedConversation: z.string().max(255).nullish(),
    selectedDate: z.string().max(20).nullish(),
    selectedTime: z.string().max(20).nullish(),
    selectedDateTime: z.int().nullish(),
    state: values.optional(),
  }),
  z.strictObject({ as: id, type: z.literal('submit'), viewId: id, state: values }),
  z.strictObject({ as: id, type: z.literal('close'), viewId: id }),
  z.strictObject({ as: id, type: z.literal('home') }),
  z.strictObject({ as: id, type: z.literal('shortcut'), callbackId: id }),
  z.strictObject({ as: id, type: z.literal('message_shortcut'), callbackId: id, channel: id, ts: id }),
  z.strictObject({ as: id, type: z.literal('read'), channel: id }),
  z.strictObject({ as: id, type: z.literal('options'), container, blockId: id, actionId: id, query: text }),
]);
export type Act = z.infer<typeof act>;
export type ActOf<T extends Act['type']> = Extract<Act, { type: T }>;
export type Container = z.infer<typeof container>;

/** `error` is a sentence for the person. A refusal of the app is no error here: it is shown where it belongs. */
export type Outcome = ({ ok: true } & Json) | { ok: false; error: string };

export function cannot(error: string): Outcome {
  return { ok: false, error };
}
