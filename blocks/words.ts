/** How requests are put into words, the same in every message. */
import { describeDuration } from '../src/domain/duration.ts';
import type { Decider, PermissionRequest, Permission } from '../src/domain/request.ts';
import { after } from '../src/domain/time.ts';
import { type Line, bold, date, line, onOneLine } from './line.ts';

/** "role readonly on sample (pg)". */
export function rightLine({ integration, service, accessType, resource }: Permission): Line {
  const where = integration === service ? '' : ` (${onOneLine(service, 50)})`;
  return line(`${onOneLine(accessType, 50)} `, bold(resource), ' on ', bold(integration), where);
}

/** The same where only plain text may stand. */
export function rightWords({ accessType, resource, integration }: Permission): string {
  return `${onOneLine(accessType, 50)} ${onOneLine(resource, 80)} on ${onOneLine(integration, 80)}`;
}

export const isForOther = ({ requestor, principal }: PermissionRequest): boolean => requestor.id !== principal.id;

export const decider = (by: Decider): Line => (by.kind === 'person' ? bold(by.person.email) : line('policy ', bold(by.name)));

/** "bob asks for …, for dave, for 1 hour". */
export function askLine(request: PermissionRequest): Line {
  const other = isForOther(request) ? line(', on behalf of ', bold(request.principal.email)) : [];
  return line(
    bold(request.requestor.email),
    request.state.kind === 'pending' ? ' asks for ' : ' asked for ',
    rightLine(request.permission),
    other,
  );
}

/** What an extension adds to; nothing for other requests. */
export function extensionLines({ extension, asked, state }: PermissionRequest): readonly Line[] {
  if (extension === undefined) return [];
  const { until } = extension;
  if (state.kind !== 'pending') return [line('More time for access until ', date(until))];
  return [line('More time for access until ', date(until), '. If approved, it ends ', date(after(until, asked)))];
}

/** That whoever is on call is asked, and why, and that a further group is; nothing where neither is so. */
export function escalationLines({ escalation, groupsAsked }: PermissionRequest): readonly Line[] {
  const because = (reason: string | undefined) => (reason === undefined ? '' : `: ${onOneLine(reason, 300)}`);
  const next =
    groupsAsked === undefined ? [] : [line('🔺 ', bold('Asked more widely'), ' ', date(groupsAsked.at), because(groupsAsked.reason))];
  if (escalation === undefined) return next;
  const { at, isPaged, reason } = escalation;
  const told = isPaged ? '; whoever is on call was told' : '';
  return [line('🔺 ', bold('Escalated'), ' ', date(at), told, because(reason)), ...next];
}

/** That an approver made it less; nothing where it is what was asked for. */
export function narrowedLines({ narrowed, permission }: PermissionRequest): readonly Line[] {
  if (narrowed === undefined) return [];
  const { from, by } = narrowed;
  return [line('✂️ ', bold(by), ' made it ', bold(permission.resource), ', in place of ', bold(from))];
}

/** Who has agreed where one is not enough, for how long; nothing where nobody has. */
export function endorsementLines({ endorsements = [], state }: PermissionRequest): readonly Line[] {
  if (state.kind !== 'pending') return [];
  return endorsements.map(({ by, at, duration }) =>
    line('👍 ', bold(by.email), ' agreed to ', bold(describeDuration(duration)), ', ', date(at)),
  );
}

export function durationLine({ asked, durationNamed, extension }: PermissionRequest): Line {
  const more = extension === undefined ? '' : ' more';
  return line('For: ', bold(describeDuration(asked)), more, durationNamed ? '' : ' (the shortest; none was named)');
}

/** "Security reviewers or Platform team"; long lists are cut, because the sentence is only for orientation. */
export function approversWords(approvers: readonly string[]): string {
  if (approvers.length === 0) return 'nobody at the moment';
  const named = approvers.slice(0, 5).map((each) => onOneLine(each, 80));
  const more = approvers.length > named.length ? ` or ${approvers.length - named.length} more` : '';
  return `${named.join(' or ')}${more}`;
}
