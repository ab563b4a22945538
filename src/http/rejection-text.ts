import { describeDuration } from '../domain/duration.ts';
import type { Rejection } from '../domain/result.ts';
import { clip, quoted } from '../domain/said.ts';
import { notFound, type Problem } from './problem.ts';

/** 400 is a value or a state that does not fit, 403 a person who may not. Nothing here is a 5xx but what we could not ask. */
const kinds = {
  usage: [400, 'Command not understood'],
  'invalid-duration': [400, 'Invalid duration'],
  'over-maximum': [400, 'Longer than allowed'],
  'over-total': [400, 'Longer than allowed'],
  'duration-required': [400, 'Duration required'],
  'reason-required': [400, 'Reason required'],
  'reason-too-long': [400, 'Reason too long'],
  'unknown-service': [400, 'Unknown service'],
  'unknown-access-type': [400, 'Unknown access type'],
  'unknown-resource': [400, 'Unknown resource'],
  'ambiguous-integration': [400, 'Ambiguous integration'],
  'invalid-principal': [400, 'Invalid principal'],
  'account-unusable': [400, 'Account unusable'],
  'not-allowed': [403, 'Not allowed'],
  'preapproval-required': [403, 'Pre-approval required'],
  'nobody-can-approve': [400, 'Nobody can approve'],
  'standing-exists': [400, 'Standing access exists'],
  'standing-over': [400, 'No standing access'],
  'too-many-open': [400, 'Too many open requests'],
  'not-found': [notFound.status, notFound.title],
  'not-approver': [403, 'Not an approver'],
  'own-request': [403, 'Own request'],
  'not-yours': [403, 'Not yours'],
  'nothing-to-show': [400, 'Nothing to show'],
  'already-decided': [400, 'Already decided'],
  lapsed: [400, 'Lapsed'],
  'stale-picture': [400, 'Changed meanwhile'],
  'not-revocable': [400, 'Not revocable'],
  'identity-unknown': [403, 'Identity unknown'],
  'role-required': [403, 'Role required'],
  'scope-required': [403, 'Scope required'],
  'invalid-value': [400, 'Invalid value'],
  exists: [409, 'Exists already'],
  'version-conflict': [409, 'Changed meanwhile'],
  'precondition-failed': [412, 'Changed meanwhile'],
  'last-owner': [422, 'Last owner'],
  'too-many': [400, 'Too many'],
  'too-soon': [400, 'Too soon'],
  'ended-already': [400, 'Ended already'],
  'not-escalatable': [400, 'Nobody to escalate to'],
  'not-extendable': [400, 'Not extendable'],
  'no-receipt': [400, 'No receipt yet'],
  'no-break-glass': [403, 'No break-glass access'],
  'review-owed': [403, 'Review owed'],
  'break-glass-ends': [400, 'Not extendable'],
  'nothing-to-review': [400, 'Nothing to review'],
  'already-reviewed': [400, 'Already reviewed'],
  unavailable: [503, 'Unavailable'],
  'not-configured': [400, 'Not configured'],
  'not-supported': [400, 'Not supported'],
  'on-hold': [403, 'On hold'],
} as const satisfies Record<Rejection['code'], readonly [status: number, title: string]>;

const unavailableForSeconds = 5;

/** A refusal of a use case as the document that HTTP answers with. */
export function rejectionProblem(rejection: Rejection): Problem {
  const [status, title] = kinds[rejection.code];
  const problem: Problem = { code: rejection.code, status, title, detail: rejectionText(rejection) };
  if (rejection.code === 'usage') return { ...problem, error: `${rejection.usage}\n\n${rejection.problem}` };
  return rejection.code === 'unavailable' ? { ...problem, retryAfterSeconds: unavailableForSeconds } : problem;
}

const mostNames = 20;
/** Their names may be long. */
const mostPolicies = 3;

function choice(names: readonly string[]): string {
  if (names.length === 0) return 'There is none.';
  const shown = names.slice(0, mostNames).map(clip).join(', ');
  return `Use one of: ${shown}${names.length > mostNames ? ', …' : ''}.`;
}

/** One sentence or two of plain text that say what would be right. */
export function rejectionText(rejection: Rejection): string {
  switch (rejection.code) {
    case 'usage':
      return rejection.problem;
    case 'invalid-duration':
      return `${quoted(rejection.given)} is not a duration. Write it like 30m, 2h, 1d or "2 hours".`;
    case 'over-maximum':
      return `${describeDuration(rejection.asked)} is too long. The maximum is ${describeDuration(rejection.maximum)}.`;
    case 'over-total':
      return `The access would last ${describeDuration(rejection.total)} from its first grant on. The maximum is ${describeDuration(rejection.maximum)}.`;
    case 'duration-required':
      return 'This access needs a duration. Add --duration, for example --duration 2h.';
    case 'reason-required':
      return 'This access needs a reason. Add --reason "why you need it".';
    case 'reason-too-long':
      return `The reason is too long. At most ${rejection.maximum} characters are kept.`;
    case 'unknown-service':
      return `There is no service ${quoted(rejection.service)}. ${choice(rejection.known)}`;
    case 'unknown-access-type':
      return `${clip(rejection.service)} has no access type ${quoted(rejection.accessType)}. ${choice(rejection.known)}`;
    case 'unknown-resource':
      return `There is no ${clip(rejection.accessType)} ${quoted(rejection.resource)}. ${choice(rejection.known)}`;
    case 'ambiguous-integration':
      return `Several integrations offer ${clip(rejection.service)}. Add --integration. ${choice(rejection.names)}`;
    case 'invalid-principal':
      return `${quoted(rejection.given)} is not a principal. Give a plain e-mail address, like bob@example.com.`;
    case 'account-unusable':
      return `The account name ${quoted(rejection.account)} cannot be used: it is another person's, or is not a safe name. Ask an administrator.`;
    case 'not-allowed':
      return rejection.deniedBy === undefined
        ? 'No policy allows this access.'
        : `The policy ${quoted(rejection.deniedBy)} denies this access.`;
    case 'preapproval-required':
      return 'This access needs a pre-approval. Ask an approver to open one with the allow command.';
    case 'nobody-can-approve':
      return `${matching(rejection.policies ?? [])} nobody could approve this. Ask an administrator.`;
    case 'standing-exists':
      // The published client knows this sentence by heart and goes on with the access.
      return 'This principal already has this access';
    case 'standing-over':
      return 'Policies give no standing access to this any more. It ends at its time and can be asked for then.';
    case 'too-many-open':
      return `You have ${rejection.maximum} open requests, which is the maximum. Wait until some are decided.`;
    case 'not-found':
      return notFound.detail;
    case 'not-approver':
      return rejection.ahead === true
        ? 'You could not approve this access for that person, so you cannot pre-approve it.'
        : 'You are not an approver of this request.';
    case 'own-request':
      return rejection.ahead === true
        ? 'You cannot pre-approve access for yourself. Another approver must.'
        : 'You cannot decide on your own request. Another approver must.';
    case 'nothing-to-show':
      return 'There is no password to show: it was shown already, or the login was there before. A password is shown once.';
    case 'not-yours':
      return 'This is not yours. Only the person concerned may do that.';
    case 'already-decided':
      return `This request is decided already: ${clip(rejection.status)}${rejection.by === undefined ? '' : ` by ${clip(rejection.by)}`}.`;
    case 'too-soon':
      return `That was done a moment ago. It can be done again ${describeDuration(rejection.seconds)} after the last time.`;
    case 'lapsed':
      return 'This request has lapsed: nobody decided in time. Ask for the access again.';
    case 'stale-picture':
      return 'The request or its policy has changed meanwhile. Look at it again before you decide.';
    case 'not-revocable':
      return `There is no access to take away: the request is ${clip(rejection.status)}.`;
    case 'identity-unknown':
      return identityText(rejection.why);
    case 'role-required':
      return `This needs the role ${rejection.roles.join(' or ')}.`;
    case 'scope-required':
      return `This token does not have the scope ${rejection.scope}.`;
    case 'invalid-value':
      return `${clip(rejection.field)}: ${rejection.why}`;
    case 'exists':
      return `${quoted(rejection.what)} exists already.`;
    case 'version-conflict':
      return `This was changed meanwhile; the current version is ${clip(rejection.current)}. Read it again, then repeat the change.`;
    case 'precondition-failed':
      return `The current version is ${clip(rejection.current)}, which If-Match does not name. Read it again, then repeat the change.`;
    case 'last-owner':
      return 'The organisation must keep at least one owner.';
    case 'too-many':
      return `There can be at most ${rejection.maximum} ${clip(rejection.what)}.`;
    case 'ended-already':
      return 'This has ended already.';
    case 'not-escalatable':
      return 'No policy names somebody on call or a further group for this, so it cannot be escalated.';
    case 'not-extendable':
      return `Only active access can be extended; this is ${clip(rejection.status)}.`;
    case 'no-receipt':
      return `There is a receipt once access was seen to be gone; this is ${clip(rejection.status)}.`;
    case 'no-break-glass':
      return 'No policy lets you take this access at once. Ask for it without --break-glass.';
    case 'review-owed':
      return `Your last break-glass access, ${rejection.request}, was not reviewed yet. Until it is, ask for access without --break-glass.`;
    case 'break-glass-ends':
      return 'Break-glass access is not extended. Ask for the access in the usual way.';
    case 'nothing-to-review':
      return 'This request took no break-glass access, so there is nothing to review.';
    case 'already-reviewed':
      return `This was reviewed already by ${clip(rejection.by)}.`;
    case 'unavailable':
      return `${clip(rejection.what)} did not answer, so nothing was done. Try again in a moment.`;
    case 'not-configured':
      return `${clip(rejection.what)} is not configured here. Ask an administrator.`;
    case 'not-supported':
      return `${clip(rejection.what)} is not supported.`;
    case 'on-hold':
      return rejection.own === true
        ? 'You are on hold yourself. Another owner or security reviewer must lift it.'
        : 'Access to this is on hold after a panic. An owner or security reviewer can lift it.';
  }
}

function matching(policies: readonly string[]): string {
  if (policies.length === 0) return 'By the policies that match,';
  const more = policies.length > mostPolicies ? ', …' : '';
  return `By ${policies.slice(0, mostPolicies).map(quoted).join(', ')}${more}, which match${policies.length === 1 ? 'es' : ''},`;
}

function identityText(why: Extract<Rejection, { code: 'identity-unknown' }>['why']): string {
  switch (why) {
    case 'guest':
      return 'Guests cannot use this. Ask for a full account.';
    case 'bot':
      return 'Bots cannot use this. A person must ask.';
    case 'deactivated':
      return 'This account is deactivated.';
    case 'stranger':
      return 'This account belongs to another organisation.';
    case 'unlinked':
      return 'This account is not linked to anybody. Sign in once to link it.';
    case 'taken-back':
      return 'The link of this account was taken back. Link it again to use it.';
    case 'no-email':
      return 'This account has no e-mail address. Add one to its profile.';
    case 'other-person':
      return 'The e-mail address of this account belongs to somebody else now. Ask an administrator to put yours back.';
    case 'second-account':
      return 'Another account is linked to this e-mail address already. Use that one.';
  }
}
