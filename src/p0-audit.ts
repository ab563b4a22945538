/** Audit events in the envelope that P0 streams to a SIEM, under P0's names where they are known. */
import { z } from 'zod';
import type { SealedEvent } from './app/audit-store.ts';
import { isSameJson } from './domain/same-json.ts';
import { defaultSettings } from './domain/settings.ts';

export type P0Event = {
  readonly vendor_account: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly timestamp: string;
  readonly type: 'api' | 'permission-requests' | 'notifier';
  readonly action: string;
  readonly user: P0User;
  readonly data: unknown;
  /** What the envelope has no place for. Not P0's. */
  readonly curfew: Pick<SealedEvent, 'seq' | 'id' | 'hash' | 'action' | 'actor' | 'request' | 'grant'>;
};

type P0User = {
  readonly uid: string | null;
  readonly email: string | null;
  readonly provider: string;
  /** Not on record, which is not the same as none. */
  readonly groups: null;
  readonly isAnonymous: boolean;
};

/** One event as one event: whatever has no name of P0's is `curfew.` and our own name for it, with its data unchanged. */
export function toP0Event(event: SealedEvent): P0Event {
  const { seq, id, hash, org, time, action, actor, request, grant, data } = event;
  const named = policyChange(event) ?? settingsChange(event) ?? { action: `curfew.${action}`, data };
  return {
    vendor_account: org,
    timestamp: time.replace(/(\.\d{3})\d*Z$/, '$1Z'),
    type: typeOf(action),
    ...named,
    user: userOf(actor),
    curfew: { seq, id, hash, action, actor, request, grant },
  };
}

type Named = Pick<P0Event, 'action' | 'data'>;

const policyActions = new Map([
  ['policy.created', 'admin.routing-rules.created'],
  ['policy.updated', 'admin.routing-rules.updated'],
  ['policy.deleted', 'admin.routing-rules.deleted'],
]);
const document = z.record(z.string(), z.unknown());
const policyData = z.object({ name: z.string(), version: z.string(), before: document.nullable(), after: document.nullable() });

function policyChange({ action, data }: SealedEvent): Named | undefined {
  const name = policyActions.get(action);
  const read = policyData.safeParse(data);
  if (name === undefined || !read.success) return undefined;
  const { before, after, ...rest } = read.data;
  return { action: name, data: { ...rest, ...diff(before ?? {}, after ?? {}) } };
}

const setting = z.object({ setting: z.string(), before: z.unknown(), after: z.unknown() });
const options = z.array(z.unknown());

function settingsChange({ action, data }: SealedEvent): Named | undefined {
  const read = setting.safeParse(data);
  if (action !== 'settings.changed' || !read.success) return undefined;
  const { setting: name, before, after } = read.data;
  if (name === 'expiryOptions') return optionsChange(options.safeParse(before), options.safeParse(after));
  if (name !== 'defaultApprovals') return undefined;
  const [was, is] = [document.safeParse(before), document.safeParse(after)];
  return was.success && is.success ? { action: 'admin.jit.approval-configuration.updated', data: diff(was.data, is.data) } : undefined;
}

type Options = ReturnType<typeof options.safeParse>;

/** Named by what it did: a reset that only took one away is told as that. Taking and adding at once has no name of P0's. */
function optionsChange(before: Options, after: Options): Named | undefined {
  if (!before.success || !after.success) return undefined;
  const [gone, added] = [without(before.data, after.data), without(after.data, before.data)];
  const data = { '-': gone, '+': added };
  if (gone.length === 0 && added.length > 0) return { action: 'admin.jit.expiry-option.created', data };
  if (added.length === 0 && gone.length > 0) return { action: 'admin.jit.expiry-option.deleted', data };
  return isSameJson(after.data, defaultSettings.expiryOptions) ? { action: 'admin.jit.expiry-option.reset', data } : undefined;
}

const without = (all: readonly unknown[], others: readonly unknown[]): unknown[] =>
  all.filter((one) => !others.some((other) => isSameJson(one, other)));

type Document = z.infer<typeof document>;

/** The members that are not the same: as they were, and as they are. */
const diff = (before: Document, after: Document): { readonly '-': Document; readonly '+': Document } => ({
  '-': unlike(before, after),
  '+': unlike(after, before),
});

const unlike = (one: Document, other: Document): Document =>
  Object.fromEntries(Object.entries(one).filter(([name, value]) => !Object.hasOwn(other, name) || !isSameJson(value, other[name])));

const aboutRequests = /^(request|grant|right|secret|pre-approval)\./;

function typeOf(action: string): P0Event['type'] {
  if (action === 'webhook.disabled') return 'notifier';
  return aboutRequests.test(action) ? 'permission-requests' : 'api';
}

const actors = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), id: z.string(), email: z.string(), via: z.string() }),
  z.object({ kind: z.literal('policy'), name: z.string() }),
]);

/** The system and whoever could not be told have no uid; the actor as it is on record stands in `curfew`. */
function userOf(actor: unknown): P0User {
  const { data: who } = actors.safeParse(actor);
  if (who?.kind === 'person') return { uid: who.id, email: who.email, provider: who.via, groups: null, isAnonymous: false };
  if (who?.kind === 'policy') return { uid: who.name, email: null, provider: 'policy', groups: null, isAnonymous: false };
  const isSystem = z.object({ kind: z.literal('system') }).safeParse(actor).success;
  return { uid: null, email: null, provider: isSystem ? 'system' : 'unknown', groups: null, isAnonymous: !isSystem };
}
