/** The buttons that more than one message or view has. */
import type { Button } from '@slack/types';
import { type DurationSeconds, describeDuration } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { button, confirmation } from './kit.ts';
import { onOneLine } from './line.ts';
import { actionIds, encodeExtend } from './wire.ts';
import { rightWords } from './words.ts';

export const relinquishButton = ({ id, permission }: PermissionRequest): Button =>
  button({
    actionId: actionIds.relinquish,
    label: 'Relinquish',
    spoken: `Give back ${rightWords(permission)}`,
    value: id,
    style: 'danger',
    confirm: confirmation('Give this access back?', `You lose ${rightWords(permission)} now. Open sessions are closed.`, 'Give it back'),
  });

export const revokeButton = ({ id, permission, principal }: PermissionRequest): Button =>
  button({
    actionId: actionIds.revoke,
    label: 'Revoke',
    spoken: `Revoke ${rightWords(permission)}`,
    value: id,
    style: 'danger',
    confirm: confirmation(
      'Revoke this access?',
      `${rightWords(permission)} is taken from ${principal.email} now. Open sessions are closed.`,
      'Revoke it',
    ),
  });

export const reviewGlassButton = ({ id, permission, principal }: PermissionRequest): Button =>
  button({
    actionId: actionIds.reviewGlass,
    label: 'Review',
    spoken: `Review what ${onOneLine(principal.email, 30)} took: ${rightWords(permission)}`,
    value: id,
    style: 'primary',
  });

export const cancelButton = ({ id, permission }: PermissionRequest): Button =>
  button({
    actionId: actionIds.cancel,
    label: 'Cancel request',
    spoken: `Cancel the request for ${rightWords(permission)}`,
    value: id,
    confirm: confirmation('Cancel this request?', `Nobody will be asked any more about ${rightWords(permission)}.`, 'Cancel it'),
  });

export const nudgeButton = ({ id, permission }: PermissionRequest): Button =>
  button({
    actionId: actionIds.nudge,
    label: 'Nudge approvers',
    spoken: `Ask approvers again about ${rightWords(permission)}`,
    value: id,
  });

export const escalateButton = ({ id, permission }: PermissionRequest): Button =>
  button({
    actionId: actionIds.escalate,
    label: 'Escalate',
    spoken: `Escalate the request for ${rightWords(permission)}`,
    value: id,
    confirm: {
      ...confirmation(
        'Escalate this request?',
        `Whoever is on call is paged now, and the next group is asked, where policies name them: ${rightWords(permission)}.`,
        'Escalate',
      ),
      deny: { type: 'plain_text', text: 'Not now', emoji: false },
    },
  });

/** @param most  how long it lasts then */
export const takeAtOnceButton = ({ id, permission }: PermissionRequest, most: DurationSeconds): Button =>
  button({
    actionId: actionIds.takeAtOnce,
    label: 'Break glass',
    spoken: `Break glass: take ${rightWords(permission)} at once`,
    value: id,
    style: 'danger',
    confirm: {
      ...confirmation(
        'Take it at once?',
        `For ${describeDuration(most)}, without an approver. Owners and approvers are told now, and somebody reviews it: ${rightWords(permission)}.`,
        'Break glass',
      ),
      deny: { type: 'plain_text', text: 'Wait', emoji: false },
    },
  });

export const extendButton = ({ id, permission }: PermissionRequest, more: DurationSeconds): Button =>
  button({
    actionId: actionIds.extend,
    label: `Extend by ${describeDuration(more)}`,
    spoken: `Ask for ${describeDuration(more)} more of ${rightWords(permission)}`,
    value: encodeExtend(id, more),
  });

export const secretButton = ({ id, permission }: PermissionRequest): Button =>
  button({
    actionId: actionIds.showSecret,
    label: 'Show password',
    spoken: `Show the password for ${rightWords(permission)}`,
    value: id,
    confirm: {
      ...confirmation('Show the password?', 'It is shown once, to you only, and cannot be shown again.', 'Show it'),
      deny: { type: 'plain_text', text: 'Not now', emoji: false },
      style: 'primary',
    },
  });

export const receiptButton = ({ id, permission }: PermissionRequest): Button =>
  button({ actionId: actionIds.receipt, label: 'Receipt', spoken: `Receipt for ${rightWords(permission)}`, value: id });
