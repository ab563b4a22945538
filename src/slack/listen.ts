/** Registers every listener, from the lists of `listened.ts`. */
import type { App, BlockAction, ViewSubmitAction } from '@slack/bolt';
import { allowHeading } from '../../blocks/allow-form.ts';
import { policyHeading } from '../../blocks/policy-form.ts';
import { settingsHeading } from '../../blocks/settings.ts';
import { simulationHeading } from '../../blocks/simulation.ts';
import { type ActionId, type ShortcutId, type ViewId, viewIds } from '../../blocks/wire.ts';
import { type Desk, privately } from './desk.ts';
import { listened } from './listened.ts';
import { onCancel, onEscalate, onExtend, onNudge, onReceipt, onRelinquish, onRevoke, onShowSecret, onTakeAtOnce } from './on-access.ts';
import { onCommand } from './on-command.ts';
import { onLinkAccount } from './on-link.ts';
import { onApprove, onNarrow, onReview, onReviewSubmitted } from './on-decision.ts';
import {
  onAnswer,
  onAnswerSubmitted,
  onAskMore,
  onDeny,
  onDenySubmitted,
  onGlassReviewed,
  onQuestionSubmitted,
  onReviewGlass,
} from './on-say.ts';
import { answerHeading, denyHeading, glassHeading, questionHeading } from '../../blocks/say.ts';
import { type ChosenMessage, formOfMessage } from './form-start.ts';
import { formHeading, onAskAgain, onFormChanged, onFormSubmitted, openForm } from './on-form.ts';
import { onAllowChanged, onAllowSubmitted } from './on-allow.ts';
import { onTurnHome, openHome } from './on-home.ts';
import { onHomeAgain } from './on-home-again.ts';
import { onDeletePolicy, onOpenPolicies, onTogglePolicy, onTurnPolicies } from './on-policies.ts';
import { onEditPolicy, onNewPolicy, onPolicySubmitted } from './on-policy-edit.ts';
import { onOpenSimulation, onSimulationSubmitted } from './on-simulation.ts';
import { onOpenSettings, onResetPresets, onSettingsSubmitted, onSettingTyped } from './on-settings.ts';
import { onLiftPanic, onOpenPanic, onPanicAgain, onPanicConfirmed, onPanicSubmitted } from './on-panic.ts';
import { panicHeading } from '../../blocks/panic.ts';
import { onEndStanding, onKeepStanding, onOpenStanding, onTurnStanding } from './on-standing.ts';
import { onStep } from './on-step.ts';
import { offer } from './on-options.ts';
import { type Press, readPress } from './press.ts';
import { emptyForm } from './read-form.ts';
import { createAnswerSubmission, type Submit } from './submission.ts';

type OnPress = (desk: Desk, press: Press) => Promise<void>;

/** The same fields stand in the two windows in which a right is chosen. */
const onChanged: OnPress = (desk, press) => (press.view?.callbackId === viewIds.allow ? onAllowChanged : onFormChanged)(desk, press);

const presses: Record<ActionId, OnPress> = {
  // A choice alone does nothing; it is read when a button is pressed.
  duration: async () => {},
  approve: onApprove,
  deny: onDeny,
  ask_more: onAskMore,
  narrow: onNarrow,
  answer: onAnswer,
  revoke: onRevoke,
  cancel: onCancel,
  nudge: onNudge,
  escalate: onEscalate,
  take_at_once: onTakeAtOnce,
  extend: onExtend,
  relinquish: onRelinquish,
  show_secret: onShowSecret,
  receipt: onReceipt,
  review: onReview,
  review_glass: onReviewGlass,
  home_again: onHomeAgain,
  home_newer: onTurnHome,
  home_older: onTurnHome,
  open_settings: onOpenSettings,
  typed_setting: onSettingTyped,
  // Read when their windows are submitted.
  policy_text: async () => {},
  try_who: async () => {},
  try_right: async () => {},
  try_at: async () => {},
  kept_presets: async () => {},
  panic_kind: async () => {},
  panic_which: async () => {},
  panic_reason: async () => {},
  panic_hold: async () => {},
  default_approvals: async () => {},
  reset_presets: onResetPresets,
  open_policies: onOpenPolicies,
  policies_previous: onTurnPolicies,
  policies_next: onTurnPolicies,
  new_policy: onNewPolicy,
  edit_policy: onEditPolicy,
  toggle_policy: onTogglePolicy,
  delete_policy: onDeletePolicy,
  open_simulation: onOpenSimulation,
  open_panic: onOpenPanic,
  panic_again: onPanicAgain,
  lift_panic: onLiftPanic,
  open_form: (desk, press) => openForm(desk, { ...press, tell: privately(desk, press.userId, press.respond) }, async () => emptyForm),
  form_again: onAskAgain,
  form_integration: onChanged,
  form_access_type: onChanged,
  form_resource: onChanged,
  form_duration: onChanged,
  form_until: onChanged,
  break_glass: onFormChanged,
  form_for_other: onFormChanged,
  allow_start: onAllowChanged,
  allow_each: onAllowChanged,
  hours_only: onChanged,
  hours_days: onChanged,
  hours_from: onChanged,
  hours_to: onChanged,
  link_account: onLinkAccount,
  // Slack opens its page, and tells us too.
  sign_in: async () => {},
  open_standing: onOpenStanding,
  // Read when the button below them is pressed.
  standing_chosen: async () => {},
  end_standing: onEndStanding,
  keep_standing: onKeepStanding,
  standing_first: onTurnStanding,
  standing_next: onTurnStanding,
  form_to: onChanged,
};

const submits: Record<ViewId, { readonly submit: Submit; readonly heading: string }> = {
  request_form: { submit: onFormSubmitted, heading: formHeading },
  allow_access: { submit: onAllowSubmitted, heading: allowHeading },
  review_request: { submit: onReviewSubmitted, heading: 'Review request' },
  deny_request: { submit: onDenySubmitted, heading: denyHeading },
  ask_question: { submit: onQuestionSubmitted, heading: questionHeading },
  review_break_glass: { submit: onGlassReviewed, heading: glassHeading },
  answer_question: { submit: onAnswerSubmitted, heading: answerHeading },
  jit_settings: { submit: onSettingsSubmitted, heading: settingsHeading },
  policy: { submit: onPolicySubmitted, heading: policyHeading },
  simulation: { submit: onSimulationSubmitted, heading: simulationHeading },
  panic: { submit: onPanicSubmitted, heading: panicHeading },
  panic_confirm: { submit: onPanicConfirmed, heading: panicHeading },
};

/** `message`: the one it was chosen at; undefined for the shortcuts that stand everywhere. */
type Shortcut = {
  readonly userId: string;
  readonly triggerId: string;
  readonly message: ChosenMessage | undefined;
  readonly respond: Press['respond'];
};
const shortcuts: Record<ShortcutId, (desk: Desk, from: Shortcut) => Promise<void>> = {
  request_access: (desk, from) => openForm(desk, { ...from, tell: privately(desk, from.userId, undefined) }, async () => emptyForm),
  request_from_message: (desk, { message, ...from }) =>
    openForm(desk, { ...from, tell: privately(desk, from.userId, from.respond) }, async () =>
      message === undefined ? emptyForm : formOfMessage(desk, message),
    ),
};

/** Each acknowledges first; what follows may take as long as it takes. */
export function listen(app: App, desk: Desk): void {
  app.command(desk.command, async ({ ack, command, respond }) => {
    await ack();
    if (await desk.isFirst(command)) await onCommand(desk, command, respond);
  });
  for (const id of listened.actions) {
    app.action<BlockAction>({ type: 'block_actions', action_id: id }, async ({ ack, body, action, respond }) => {
      await ack();
      if (await desk.isFirst(body)) await presses[id](desk, readPress(body, action, respond));
    });
  }
  const answerSubmission = createAnswerSubmission(desk);
  for (const id of listened.views) {
    const { submit, heading } = submits[id];
    app.view<ViewSubmitAction>({ type: 'view_submission', callback_id: id }, (args) => answerSubmission(submit, heading, args));
  }
  for (const id of listened.shortcuts) {
    app.shortcut(id, async ({ ack, body, respond }) => {
      await ack();
      if (!(await desk.isFirst(body))) return;
      const { user, trigger_id: triggerId } = body;
      const message =
        body.type === 'message_action' ? { channel: body.channel.id, ts: body.message_ts, workspace: body.team?.domain } : undefined;
      await shortcuts[id](desk, { userId: user.id, triggerId, message, respond: message === undefined ? undefined : respond });
    });
  }
  for (const id of listened.options) {
    app.options<'block_suggestion'>({ type: 'block_suggestion', action_id: id }, async ({ ack, body }) => {
      await ack(
        await offer(desk, id, {
          userId: body.user.id,
          query: body.value,
          metadata: body.view?.private_metadata ?? '',
          callbackId: body.view?.callback_id,
        }),
      );
    });
  }
  for (const id of listened.functions) {
    app.function(id, { autoAcknowledge: false }, async ({ ack, payload, context }) => {
      await onStep(desk, { execution: payload.function_execution_id, inputs: payload.inputs, retry: context.retryNum });
      await ack();
    });
  }
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await openHome(desk, event.user, event.view);
  });
}
