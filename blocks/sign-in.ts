/** Linking a Slack account to its person. */
import type { ActionsBlock, ModalView } from '@slack/types';
import { actions, button, type Message, message, paragraph, plain, window } from './kit.ts';
import { bold, type Line, line, words } from './line.ts';
import { actionIds, blockIds, noticeId } from './wire.ts';

export const signInHeading = 'Sign in';

/** Stands below the sentence that says why nothing was done. */
export const linkButton = (label: string, spoken: string): ActionsBlock =>
  actions(blockIds.signIn, [
    button({
      actionId: actionIds.linkAccount,
      label,
      spoken,
      value: 'link',
      style: 'primary',
    }),
  ]);

const lines: readonly Line[] = [
  words('Sign in with your organisation once, so that this Slack account is linked to you.'),
  words('The link is for you alone and lasts ten minutes. Do not pass it on.'),
];
const blocks = (address: string): Message['blocks'] => [
  paragraph(...lines),
  actions(blockIds.signIn, [
    {
      type: 'button',
      action_id: actionIds.signIn,
      text: plain('Open the sign-in page', 75),
      accessibility_label: 'Open the sign-in page in your browser',
      style: 'primary',
      url: address,
    },
  ]),
];

/** @param address of the page, good for one sign-in of one person */
export const signInMessage = (address: string): Message => message(lines, blocks(address));
export const signInView = (address: string): ModalView => window(signInHeading, blocks(address), noticeId);

const said = (...each: readonly Line[]): Message => message(each, [paragraph(...each)]);

export const linkedMessage = (email: string, command: string): Message =>
  said(line('This Slack account is linked to ', bold(email), '.'), words(`${command} unlink takes that back.`));

/** To the account itself, so that nobody can link it unnoticed. */
export const nowLinked = (email: string, command: string): Message =>
  said(
    line('Your Slack account is linked to ', bold(email), ' now.'),
    words(`If that is not you, type ${command} unlink at once, and tell an owner.`),
  );

export const unlinkedMessage = (email: string, command: string): Message =>
  said(
    line('This Slack account is not linked to ', bold(email), ' any more.'),
    words(`What that person has stays as it is. Only ${command} link links it again.`),
  );
