/** Every id that travels to Slack and back. What comes back is only ever an id to look up; it never carries authority. */
import { type DurationSeconds, isDurationSeconds } from '../src/domain/duration.ts';
import { type RequestId, parseRequestId } from '../src/domain/ids.ts';
import { digestOf } from '../src/domain/digest.ts';
import { besideIdKey } from '../src/domain/option-key.ts';

export const actionIds = {
  /** The dropdown beside Approve, and its like in windows; nothing happens until a button is pressed. */
  duration: 'duration',
  approve: 'approve',
  deny: 'deny',
  askMore: 'ask_more',
  /** A dropdown that acts when something is chosen. */
  narrow: 'narrow',
  answer: 'answer',
  revoke: 'revoke',
  cancel: 'cancel',
  nudge: 'nudge',
  escalate: 'escalate',
  extend: 'extend',
  relinquish: 'relinquish',
  showSecret: 'show_secret',
  receipt: 'receipt',
  review: 'review',
  takeAtOnce: 'take_at_once',
  reviewGlass: 'review_glass',
  openForm: 'open_form',
  /** The fields of the request form that tell at once what was chosen in them. */
  formAgain: 'form_again',
  formIntegration: 'form_integration',
  formAccessType: 'form_access_type',
  formResource: 'form_resource',
  formDuration: 'form_duration',
  formUntil: 'form_until',
  breakGlass: 'break_glass',
  formForOther: 'form_for_other',
  formTo: 'form_to',
  /** The fields that only the form of a pre-approval has. */
  allowStart: 'allow_start',
  allowEach: 'allow_each',
  /** Hours of the week, in both forms. */
  hoursOnly: 'hours_only',
  hoursDays: 'hours_days',
  hoursFrom: 'hours_from',
  hoursTo: 'hours_to',
  /** Asks for the link of a page; the button that opens that page tells us too. */
  linkAccount: 'link_account',
  signIn: 'sign_in',
  openStanding: 'open_standing',
  standingChosen: 'standing_chosen',
  endStanding: 'end_standing',
  keepStanding: 'keep_standing',
  standingFirst: 'standing_first',
  standingNext: 'standing_next',
  homeAgain: 'home_again',
  homeNewer: 'home_newer',
  homeOlder: 'home_older',
  openSettings: 'open_settings',
  typedSetting: 'typed_setting',
  keptPresets: 'kept_presets',
  defaultApprovals: 'default_approvals',
  resetPresets: 'reset_presets',
  openPolicies: 'open_policies',
  policiesPrevious: 'policies_previous',
  policiesNext: 'policies_next',
  newPolicy: 'new_policy',
  editPolicy: 'edit_policy',
  togglePolicy: 'toggle_policy',
  deletePolicy: 'delete_policy',
  policyText: 'policy_text',
  openSimulation: 'open_simulation',
  tryWho: 'try_who',
  tryRight: 'try_right',
  tryAt: 'try_at',
  openPanic: 'open_panic',
  panicKind: 'panic_kind',
  panicWhich: 'panic_which',
  panicReason: 'panic_reason',
  panicHold: 'panic_hold',
  panicAgain: 'panic_again',
  liftPanic: 'lift_panic',
} as const;
export type ActionId = (typeof actionIds)[keyof typeof actionIds];

/** Steps that workflows can have. */
export const stepIds = { requestAccess: 'request_access_step' } as const;
export type StepId = (typeof stepIds)[keyof typeof stepIds];

/** Selects whose options we are asked for as somebody types. */
export const optionIds = { formIntegration: actionIds.formIntegration, formResource: actionIds.formResource } as const;
export type OptionId = (typeof optionIds)[keyof typeof optionIds];

/** Windows that are submitted. */
export const viewIds = {
  requestForm: 'request_form',
  allow: 'allow_access',
  review: 'review_request',
  deny: 'deny_request',
  question: 'ask_question',
  answer: 'answer_question',
  reviewGlass: 'review_break_glass',
  settings: 'jit_settings',
  policy: 'policy',
  simulation: 'simulation',
  panic: 'panic',
  panicConfirm: 'panic_confirm',
} as const;
export type ViewId = (typeof viewIds)[keyof typeof viewIds];
/** The window that only tells. */
export const noticeId = 'notice';

export const shortcutIds = { requestAccess: 'request_access', requestFromMessage: 'request_from_message' } as const;
export type ShortcutId = (typeof shortcutIds)[keyof typeof shortcutIds];

export const blockIds = {
  decision: 'decision',
  access: 'access',
  ended: 'ended',
  duration: 'asked_duration',
  reason: 'reason',
  question: 'question',
  answer: 'answer',
  note: 'note',
  start: 'start',
  signIn: 'sign_in',
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

/** Of an option that gives less: `<requestId>.<the resource's key>`. */
export const encodeNarrow = (id: RequestId, to: string): string => `${id}.${besideIdKey(to)}`;

/** @returns `to`: the resource's key, or its name in a message of before there were keys */
export function decodeNarrow(value: string | undefined): { readonly id: RequestId; readonly to: string } | undefined {
  const [, text, to] = /^([^.]{36})\.(.+)$/s.exec(value ?? '') ?? [];
  const id = decodeId(text);
  return id === undefined || to === undefined ? undefined : { id, to };
}

export const decodeId = (value: string | undefined): RequestId | undefined => (value === undefined ? undefined : parseRequestId(value));

/** Answer's value: `<requestId>.<number of the question>`. */
export const encodeAnswer = (id: RequestId, number: number): string => `${id}.${number}`;

export function decodeAnswer(value: string | undefined): { readonly id: RequestId; readonly number: number } | undefined {
  const [, text, number] = /^([^.]{36})\.([1-9][0-9]?)$/.exec(value ?? '') ?? [];
  const id = decodeId(text);
  return id === undefined ? undefined : { id, number: Number(number) };
}

/** Extend's value: `<requestId>.<seconds>`, as much more as the button says. */
export const encodeExtend = (id: RequestId, more: DurationSeconds): string => `${id}.${more}`;

export function decodeExtend(value: string | undefined): { readonly id: RequestId; readonly more: DurationSeconds } | undefined {
  const [, text, seconds] = /^([^.]{36})\.([0-9]{1,15})$/.exec(value ?? '') ?? [];
  const id = decodeId(text);
  const more = decodeDuration(seconds);
  return id === undefined || more === undefined ? undefined : { id, more };
}

export const encodeDuration = (seconds: DurationSeconds): string => String(seconds);

export function decodeDuration(value: string | undefined): DurationSeconds | undefined {
  if (value === undefined || !/^[1-9][0-9]{0,14}$/.test(value)) return undefined;
  const seconds = Number(value);
  return isDurationSeconds(seconds) ? seconds : undefined;
}

/** An option's name for a right of the catalogue; whoever gets it back looks for the item that has it. */
export const rightKey = (integration: string, accessType: string, resource: string): string =>
  digestOf([integration, accessType, resource]);
