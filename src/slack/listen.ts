/** Registers every listener, from the lists of `listened.ts`. */
import type { App, BlockAction, ViewSubmitAction } from '@slack/bolt';
import type { ActionId, ShortcutId, ViewId } from '../../blocks/wire.ts';
import { type Desk, privately } from './desk.ts';
import { listened } from './listened.ts';
import { onCancel, onRelinquish, onRevoke, onShowSecret } from './on-access.ts';
import { onCommand } from './on-command.ts';
import { onApprove, onDeny, onDenyReviewed, onReview, onReviewSubmitted } from './on-decision.ts';
import { formHeading, onFormSubmitted, openForm } from './on-form.ts';
import { publishHome } from './on-home.ts';
import { type Press, readPress } from './press.ts';
import { answerSubmission, type Submit } from './submission.ts';

type OnPress = (desk: Desk, press: Press) => Promise<void>;

const presses: Record<ActionId, OnPress> = {
  // A choice alone does nothing; it is read when a button is pressed.
  duration: async () => {},
  approve: onApprove,
  deny: onDeny,
  revoke: onRevoke,
  cancel: onCancel,
  relinquish: onRelinquish,
  show_secret: onShowSecret,
  review: onReview,
  deny_reviewed: onDenyReviewed,
  open_form: (desk, press) => openForm(desk, { ...press, tell: privately(desk, press.userId, press.respond) }, []),
};

const submits: Record<ViewId, { readonly submit: Submit; readonly heading: string }> = {
  request_form: { submit: onFormSubmitted, heading: formHeading },
  review_request: { submit: onReviewSubmitted, heading: 'Review request' },
};

type OnShortcut = (desk: Desk, from: { readonly userId: string; readonly triggerId: string }) => Promise<void>;
const shortcuts: Record<ShortcutId, OnShortcut> = {
  request_access: (desk, from) => openForm(desk, { ...from, tell: privately(desk, from.userId, undefined) }, []),
};

type Event = (typeof listened.events)[number];
type OnEvent = (desk: Desk, userId: string) => Promise<void>;
const events: Record<Event, OnEvent> = {
  app_home_opened: publishHome,
  user_change: async (desk, userId) => desk.people.forget(userId),
};

/** Each acknowledges first; what follows may take as long as it takes. */
export function listen(app: App, desk: Desk): void {
  app.command(desk.command, async ({ ack, command, respond }) => {
    await ack();
    await onCommand(desk, command, respond);
  });
  for (const id of listened.actions) {
    app.action<BlockAction>({ type: 'block_actions', action_id: id }, async ({ ack, body, action, respond }) => {
      await ack();
      await presses[id](desk, readPress(body, action, respond));
    });
  }
  for (const id of listened.views) {
    const { submit, heading } = submits[id];
    app.view<ViewSubmitAction>({ type: 'view_submission', callback_id: id }, (args) => answerSubmission(desk, submit, heading, args));
  }
  for (const id of listened.shortcuts) {
    app.shortcut({ type: 'shortcut', callback_id: id }, async ({ ack, body }) => {
      await ack();
      await shortcuts[id](desk, { userId: body.user.id, triggerId: body.trigger_id });
    });
  }
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await events.app_home_opened(desk, event.user);
  });
  app.event('user_change', ({ event }) => events.user_change(desk, event.user.id));
}
