/** Every id that travels to Slack and back. What comes back is only ever an id to look up; it never carries authority. */
import { type DurationSeconds, isDurationSeconds } from '../src/domain/duration.ts';
import { type RequestId, parseRequestId } from '../src/domain/ids.ts';
import { digestOf } from '../src/domain/digest.ts';

export const actionIds = {
  /** The dropdown beside Approve, and its like in windows; nothing happens until a button is pressed. */
  duration: 'duration',
  approve: 'approve',
  deny: 'deny',
  revoke: 'revoke',
  cancel: 'cancel',
  relinquish: 'relinquish',
  showSecret: 'show_secret',
  review: 'review',
  denyReviewed: 'deny_reviewed',
  openForm: 'open_form',
} as const;
export type ActionId = (typeof actionIds)[keyof typeof actionIds];

/** Windows that are submitted. */
export const viewIds = { requestForm: 'request_form', review: 'review_request' } as const;
export type ViewId = (typeof viewIds)[keyof typeof viewIds];
/** The window that only tells. */
export const noticeId = 'notice';

export const shortcutIds = { requestAccess: 'request_access' } as const;
export type ShortcutId = (typeof shortcutIds)[keyof typeof shortcutIds];

export const blockIds = {
  decision: 'decision',
  access: 'access',
  right: 'right',
  duration: 'asked_duration',
  reason: 'reason',
  to: 'to',
  start: 'start',
} as const;

/** The input's action id is its block's id: an input block has one element. */
export const inputId = (blockId: string): string => blockId;

/** For lists: block ids must be unique within a view. */
export const blockOf = (kind: string, id: RequestId): string => `${kind}:${id}`;

/** A button's value where a picture was shown: `<requestId>.<digest>`. */
export const encodeDecision = (id: RequestId, digest: string): string => `${id}.${digest}`;

export function decodeDecision(value: string | undefined): { readonly id: RequestId; readonly digest: string } | undefined {
  const [, text, digest] = /^([^.]{36})\.([0-9a-f]{16})$/.exec(value ?? '') ?? [];
  const id = decodeId(text);
  return id === undefined || digest === undefined ? undefined : { id, digest };
}

export const decodeId = (value: string | undefined): RequestId | undefined => (value === undefined ? undefined : parseRequestId(value));

export const encodeDuration = (seconds: DurationSeconds): string => String(seconds);

export function decodeDuration(value: string | undefined): DurationSeconds | undefined {
  if (value === undefined || !/^[1-9][0-9]{0,14}$/.test(value)) return undefined;
  const seconds = Number(value);
  return isDurationSeconds(seconds) ? seconds : undefined;
}

/** An option's name for a right of the catalogue; whoever gets it back looks for the item that has it. */
export const rightKey = (integration: string, accessType: string, resource: string): string =>
  digestOf([integration, accessType, resource]);
