/** Access policies as YAML, for people: what the API takes as JSON. */
import { parseDocument, stringify } from 'yaml';
import { policySchema } from './http/policy-schema.ts';
import type { PolicyText } from './slack/policy-text.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

export const policyText: PolicyText = {
  write: (policy) => stringify(policy, { lineWidth: 0 }),
  read(text) {
    const document = parseDocument(text, { uniqueKeys: true, logLevel: 'error' });
    const [wrong] = document.errors;
    // The rest of the message draws the place, which needs a fixed pitch.
    if (wrong !== undefined) return { problem: `Not YAML: ${wrong.message.split('\n')[0] ?? ''}` };
    const given = toValue(document);
    if (given === undefined) return { problem: 'Not YAML: an alias is used too often, or stands for nothing.' };
    const parsed = policySchema.safeParse(given);
    const issue = parsed.error?.issues[0];
    if (!parsed.success) return { problem: `${(issue?.path ?? []).join('.') || 'The policy'}: ${issue?.message ?? 'is not valid'}` };
    const stranger = unknownMember(given, parsed.data, '');
    return stranger === undefined ? { policy: parsed.data } : { problem: `${stranger}: there is no such member.` };
  },
};

/** Undefined where aliases cannot be followed. */
function toValue(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 }) ?? null;
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

/** A member that the schema leaves out. Over the API it is ignored; a person has mistyped it. */
function unknownMember(given: unknown, kept: unknown, at: string): string | undefined {
  if (!isObject(given) || !isObject(kept)) return undefined;
  for (const [key, value] of Object.entries(given)) {
    const path = at === '' ? key : `${at}.${key}`;
    const found = Object.hasOwn(kept, key) ? unknownMember(value, kept[key], path) : path;
    if (found !== undefined) return found;
  }
  return undefined;
}
