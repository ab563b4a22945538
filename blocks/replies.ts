/** What a command came to, as a private message. */
import { describeDuration } from '../src/domain/duration.ts';
import { oneStep } from '../src/domain/next-groups.ts';
import type { PreApproval } from '../src/domain/pre-approval.ts';
import { recurringWindowText } from '../src/domain/recurring-window.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { owedLines } from './break-glass.ts';
import { helpLines } from './help-lines.ts';
import { type Message, fence, message, paragraph } from './kit.ts';
import { type Line, bold, code, date, line, onLines, onOneLine, words } from './line.ts';
import { statusOf } from './status.ts';
import { escalationLines, rightLine } from './words.ts';

export type ListProps = {
  readonly arg: string;
  readonly term: string;
  readonly isTruncated: boolean;
  readonly items: readonly {
    readonly key: string;
    readonly value: string;
    readonly group: string | undefined;
    readonly isPreexisting: boolean;
  }[];
};

const mostListed = 25;
const said = (...lines: readonly Line[]): Message => message(lines, [paragraph(...lines)]);

export function submittedReply(request: PermissionRequest, isPreexisting: boolean): Message {
  const right = rightLine(request.permission);
  const already = isPreexisting ? [line('This access is there at the moment already.')] : [];
  const made = request.breakGlass === undefined ? 'Request made: ' : '🚨 Taken at once: ';
  return said(line(made, right), statusOf(request).headline, ...owedLines(request), ...already, line('Its id: ', code(request.id)));
}

/** A window that was opened, with its times in the reader's zone. */
export function allowedReply(preApproval: PreApproval): Message {
  const { principal, permission, duration, id, opensAt, closesAt, hours } = preApproval;
  const only = hours === undefined ? [] : [line(', ', bold(recurringWindowText(hours)), ',')];
  return said(
    line(bold(principal.email), ' is pre-approved for ', rightLine(permission)),
    line(
      'Requests made from ',
      date(opensAt),
      ' until ',
      date(closesAt),
      ...only,
      ` need no approver, for up to ${describeDuration(duration)} each.`,
    ),
    line('Its id: ', code(id)),
  );
}

export const statusReply = (request: PermissionRequest): Message =>
  said(rightLine(request.permission), statusOf(request).headline, ...owedLines(request));

/** To whoever agreed where one is not enough: that they did, however often they press. */
export const agreedReply = (request: PermissionRequest): Message =>
  said(rightLine(request.permission), line('👍 ', bold('You have agreed.'), ' Somebody else must agree too before it is given.'));

/** To whoever escalated: who is asked by now, and when a further press asks more. */
export function escalatedReply(request: PermissionRequest): Message {
  const again = `If nobody answers, escalate again after ${describeDuration(oneStep)}: a further group is asked then, where policies name one.`;
  return said(rightLine(request.permission), ...escalationLines(request), ...(request.groupsAsked === undefined ? [] : [line(again)]));
}

export function requestsReply(requests: readonly PermissionRequest[]): Message {
  if (requests.length === 0) return said(words('You have no requests.'));
  const shown = requests.slice(0, mostListed);
  const more = requests.length > shown.length ? [line(`${requests.length - shown.length} more are not shown.`)] : [];
  return said(...shown.map((each) => line(code(each.id), ' ', rightLine(each.permission), ': ', statusOf(each).headline)), ...more);
}

export function listReply({ arg, term, isTruncated, items }: ListProps): Message {
  const like = term === '' ? '' : ` like “${onOneLine(term, 60)}”`;
  if (items.length === 0) return said(words(`No ${onOneLine(arg, 60)}${like}.`));
  const shown = items.slice(0, mostListed);
  const row = (item: ListProps['items'][number]): Line =>
    line(
      code(item.key),
      item.value === item.key ? '' : line(' ', onOneLine(item.value, 80)),
      item.group === undefined ? '' : ` (${onOneLine(item.group, 60)})`,
      item.isPreexisting ? ', you have it' : '',
    );
  const more = isTruncated || items.length > shown.length ? [line('There are more; narrow the search with --like.')] : [];
  return said(line(bold(arg), like, ':'), ...shown.map(row), ...more);
}

export const helpReply = (text: string): Message => message([words(onLines(text, 600))], [fence(helpLines(text))]);
