/** What is said in private to somebody whose wish was refused. One sentence that says what would be right. */
import type { HomeView, KnownBlock, ModalView } from '@slack/types';
import { describeDuration } from '../src/domain/duration.ts';
import type { Rejection } from '../src/domain/result.ts';
import { clip, quoted } from '../src/domain/said.ts';
import { helpLines } from './help-lines.ts';
import { homeNotice } from './home.ts';
import { type Message, fence, paragraph, sentence, window } from './kit.ts';
import { onLines, words } from './line.ts';
import { linkButton } from './sign-in.ts';
import { noticeId } from './wire.ts';

const mostNamed = 10;
/** Their names may be long. */
const mostPolicies = 3;

function oneOf(names: readonly string[]): string {
  if (names.length === 0) return 'There is none.';
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `Known: ${names.slice(0, mostNamed).map(quoted).join(', ')}${more}.`;
}

/** Plain text: not escaped, no markup in it. */
export function rejectionText(rejection: Rejection): string {
  switch (rejection.code) {
    case 'usage':
      return rejection.problem;
    case 'invalid-duration':
      return `${quoted(rejection.given)} is not a duration. Write it like 90m, 2h or "2 hours".`;
    case 'over-maximum':
      return `${describeDuration(rejection.asked)} is over the maximum of ${describeDuration(rejection.maximum)}. Ask for less.`;
    case 'over-total':
      return `The access would last ${describeDuration(rejection.total)} from its first grant on; the maximum is ${describeDuration(rejection.maximum)}. Choose less.`;
    case 'duration-required':
      return 'A policy wants to know for how long. Name a duration, like 2h.';
    case 'reason-required':
      return 'A policy wants to know why. Give a reason.';
    case 'reason-too-long':
      return `A reason has at most ${rejection.maximum} characters. Shorten it.`;
    case 'unknown-service':
      return `There is no service ${quoted(rejection.service)} here. ${oneOf(rejection.known)}`;
    case 'unknown-access-type':
      return `${clip(rejection.service)} has no access type ${quoted(rejection.accessType)}. ${oneOf(rejection.known)}`;
    case 'unknown-resource':
      return `There is no ${clip(rejection.accessType)} ${quoted(rejection.resource)}. ${oneOf(rejection.known)}`;
    case 'ambiguous-integration':
      return `Several integrations offer ${clip(rejection.service)}. Add --integration. ${oneOf(rejection.names)}`;
    case 'invalid-principal':
      return `${quoted(rejection.given)} is not the e-mail address of somebody who can get access.`;
    case 'account-unusable':
      return `The account name ${quoted(rejection.account)} cannot be used at the target. Ask an owner.`;
    case 'not-allowed':
      return rejection.deniedBy === undefined ? 'No policy allows this.' : `The policy ${quoted(rejection.deniedBy)} denies this.`;
    case 'preapproval-required':
      return 'A policy gives this only to people with a pre-approval.';
    case 'nobody-can-approve':
      return `Nobody could approve this request${byPolicies(rejection.policies ?? [])}. Tell an owner.`;
    case 'standing-exists':
      return 'There is standing access of this kind already.';
    case 'standing-over':
      return 'Policies give no standing access to this any more. It ends at its time and can be asked for then.';
    case 'too-many-open':
      return `At most ${rejection.maximum} requests may be open. Cancel one first.`;
    case 'not-found':
      return 'There is no such request.';
    case 'not-approver':
      return rejection.ahead === true
        ? 'You could not approve this for that person, so you cannot pre-approve it.'
        : 'You may not decide this request.';
    case 'own-request':
      return rejection.ahead === true
        ? 'You cannot pre-approve access for yourself.'
        : 'You cannot decide a request that gives access to you, or that you made.';
    case 'nothing-to-show':
      return 'There is no password left to show. It is shown once; if you did not keep it, give the access back and ask again.';
    case 'not-yours':
      return 'This is not yours: only the person concerned may do that.';
    case 'already-decided':
      return rejection.by === undefined
        ? `This is decided already: it is ${statusWords(rejection.status)}.`
        : `${clip(rejection.by)} was faster: it is ${statusWords(rejection.status)}.`;
    case 'too-soon':
      return `Approvers were told a moment ago. You can nudge them again ${describeDuration(rejection.seconds)} after the last time.`;
    case 'lapsed':
      return 'This request has lapsed: nobody decided in time. It has to be made again.';
    case 'stale-picture':
      return 'Something changed since this was drawn, so nothing was done. Look at the message again and decide anew.';
    case 'not-revocable':
      return `There is no access to take away: the request is ${statusWords(rejection.status)}.`;
    case 'identity-unknown':
      return whoText(rejection.why);
    case 'role-required':
      return rejection.roles.includes('manager') ? 'Only security reviewers and owners may do that.' : 'Only owners may do that.';
    case 'scope-required':
      return 'This token may not be used for that.';
    case 'invalid-value':
      return `${clip(rejection.field)}: ${clip(rejection.why)}`;
    case 'exists':
      return `There is a ${quoted(rejection.what)} already.`;
    case 'version-conflict':
    case 'precondition-failed':
      return 'Somebody changed this meanwhile, so nothing was done. Look at it again and decide anew.';
    case 'last-owner':
      return 'The organisation must keep at least one owner.';
    case 'too-many':
      return `There can be at most ${rejection.maximum} ${clip(rejection.what)}.`;
    case 'ended-already':
      return 'This has ended already.';
    case 'not-escalatable':
      return 'No policy names somebody on call or a further group for this, so it cannot be escalated.';
    case 'not-extendable':
      return `Only active access can be extended: ${clip(rejection.status)}.`;
    case 'no-receipt':
      return `There is a receipt once access was seen to be gone: ${clip(rejection.status)}.`;
    case 'no-break-glass':
      return 'No policy lets you take this at once. Ask for it in the usual way.';
    case 'review-owed':
      return 'What you took at once the last time was not reviewed yet. Until it is, ask in the usual way.';
    case 'break-glass-ends':
      return 'What was taken at once is not extended. Ask for the access in the usual way.';
    case 'nothing-to-review':
      return 'Nothing was taken at once here, so there is nothing to review.';
    case 'already-reviewed':
      return `${clip(rejection.by)} has reviewed this already.`;
    case 'unavailable':
      return `${clip(rejection.what)} does not answer, so this cannot be decided now. Try again in a minute.`;
    case 'not-configured':
      return `${clip(rejection.what)} is not configured here. Tell an owner.`;
    case 'not-supported':
      return `${clip(rejection.what)}: not supported yet.`;
    case 'on-hold':
      return rejection.own === true
        ? 'You are on hold yourself. Another owner or security reviewer must lift it.'
        : 'Access to this is on hold after a panic, until an owner or security reviewer lifts it.';
  }
}

/** The same beside the field that it is about, which need not be named. */
export const rejectionAtField = (rejection: Rejection): string =>
  rejection.code === 'invalid-value' ? rejection.why : rejectionText(rejection);

/** What the names that travel over the API mean to somebody who reads. */
const wireWords: Readonly<Record<string, string>> = {
  NEW: 'waiting for a decision',
  APPROVED: 'approved',
  DONE: 'approved',
  DENIED: 'denied or cancelled',
  ERRORED: 'approved, but could not be set up',
  REVOKED: 'revoked',
  EXPIRED: 'over',
};
const statusWords = (status: string): string => wireWords[status] ?? clip(status);

function byPolicies(names: readonly string[]): string {
  const shown = names.slice(0, mostPolicies).map(quoted).join(', ');
  return shown === '' ? '' : ` by the policies that match: ${shown}${names.length > mostPolicies ? ', …' : ''}`;
}

function whoText(why: Extract<Rejection, { code: 'identity-unknown' }>['why']): string {
  switch (why) {
    case 'guest':
      return 'Guests of this workspace cannot use this.';
    case 'bot':
      return 'Apps and bots cannot use this.';
    case 'deactivated':
      return 'This account is deactivated.';
    case 'stranger':
      return 'Only members of this workspace can use this.';
    case 'unlinked':
      return 'Nobody can tell yet whose Slack account this is. Sign in once, and it is linked to you.';
    case 'taken-back':
      return 'The link of your Slack account was taken back, so it is nobody’s. Link it again, and it is yours.';
    case 'no-email':
      return 'Your Slack account has no confirmed e-mail address, so nobody can tell who you are. Ask an administrator of the workspace.';
    case 'other-person':
      return 'The e-mail address of your Slack account belongs to somebody else now. Ask an administrator of the workspace to put yours back.';
    case 'second-account':
      return 'Another Slack account is linked to your e-mail address already. Use that one, or ask an administrator of the workspace.';
  }
}

const usageOf = (rejection: Rejection): string | undefined => (rejection.code === 'usage' ? helpLines(rejection.usage) : undefined);

/** For a private message. */
export function rejectionMessage(rejection: Rejection): Message {
  const { text, blocks } = sentence(rejectionText(rejection), usageOf(rejection));
  return { text, blocks: [...blocks, ...wayOut(rejection)] };
}

/** For a window that was opened for something that may not be. */
export function rejectionView(heading: string, rejection: Rejection): ModalView {
  const view = noticeView(heading, rejectionText(rejection), usageOf(rejection));
  return { ...view, blocks: [...view.blocks, ...wayOut(rejection)] };
}

/** On the home tab, instead of its lists. */
export function rejectionHome(rejection: Rejection): HomeView {
  const view = homeNotice(rejectionText(rejection));
  return { ...view, blocks: [...view.blocks, ...wayOut(rejection)] };
}

/** What somebody who was refused can do about it at once. */
function wayOut(rejection: Rejection): KnownBlock[] {
  if (rejection.code !== 'identity-unknown') return [];
  if (rejection.why === 'unlinked') return [linkButton('Sign in', 'Sign in to link this Slack account to you')];
  return rejection.why === 'taken-back' ? [linkButton('Link it again', 'Link this Slack account to you again')] : [];
}

export const noticeView = (heading: string, text: string, fenced?: string): ModalView =>
  window(heading, [paragraph(words(onLines(text, 600))), ...(fenced === undefined ? [] : [fence(fenced)])], noticeId);

/** For a fault of ours. The reference is in the log beside what happened. */
export const faultText = (reference: string): string =>
  `Something went wrong on our side. See whether it was done; if not, try again. Tell an owner if it stays so: the reference is ${reference}.`;
