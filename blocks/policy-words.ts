/** A policy in a few words, for orientation. */
import { describeDuration, toSeconds } from '../src/domain/duration.ts';
import type { GroupRef, Policy, PolicyApproval, PolicyRequestor, PolicyResource } from '../src/domain/policy.ts';
import { type Line, bold, line, onOneLine } from './line.ts';

const mostNamed = 3;

function groupWords(groups: readonly GroupRef[]): string {
  const named = groups.slice(0, mostNamed).map(({ label, id }) => onOneLine(label === '' ? id : label, 60));
  return `${named.join(' or ')}${groups.length > mostNamed ? ` or ${groups.length - mostNamed} more` : ''}`;
}

function requestorWords(requestor: PolicyRequestor): string {
  switch (requestor.type) {
    case 'any':
      return 'Anybody';
    case 'some':
      return 'Whoever another policy means';
    case 'user':
      return onOneLine(requestor.uid, 80);
    case 'group': {
      const groups = 'groups' in requestor ? requestor.groups : [requestor];
      return 'groups' in requestor && requestor.effect === 'remove' ? `Anybody but ${groupWords(groups)}` : groupWords(groups);
    }
    case 'agentic':
      return 'Agents';
  }
}

function resourceWords(resource: PolicyResource): string {
  if (resource.type === 'any') return 'anything';
  const filters = Object.keys(resource.filters ?? {}).length;
  const narrowed = filters === 0 ? '' : ` (${filters} ${filters === 1 ? 'filter' : 'filters'})`;
  return `${onOneLine(resource.service, 60)}${resource.accessType === null || resource.accessType === undefined ? '' : ` ${onOneLine(resource.accessType, 60)}`}${narrowed}`;
}

function approvalWords(approval: PolicyApproval): string {
  switch (approval.type) {
    case 'p0':
      return 'security reviewers decide';
    case 'persistent':
      return 'standing access';
    case 'deny':
      return 'denied';
    case 'group':
      return `${groupWords(approval.groups)} decides`;
    case 'requestor-profile':
      return 'the person in their profile decides';
    case 'auto':
      return 'at once for whoever is on call';
    case 'escalation':
      return 'whoever is on call decides';
  }
}

/** "(2 people; after 30 minutes of silence also Leads, then Owners)" */
function optionWords({ options }: PolicyApproval): string {
  const people = options?.requiredApprovals ?? 1;
  const next = options?.nextGroups ?? undefined;
  const also = next?.groups.map((group) => groupWords([group])).join(', then ');
  const words = [
    ...(people > 1 ? [`${people} people`] : []),
    ...(next === undefined ? [] : [`after ${describeDuration(toSeconds({ time: next.afterMinutes, unit: 'm' }))} of silence also ${also}`]),
  ];
  return words.length === 0 ? '' : ` (${words.join('; ')})`;
}

/** "Platform team → pg role: security reviewers decide". */
export function policyLine({ requestor, resource, approval }: Policy): Line {
  const ways = approval.slice(0, mostNamed).map((each) => `${approvalWords(each)}${optionWords(each)}`);
  const more = approval.length > mostNamed ? `, or ${approval.length - mostNamed} more` : '';
  return line(
    `${requestorWords(requestor)} → ${resourceWords(resource)}: ${ways.length === 0 ? 'nobody decides' : ways.join(', or ')}${more}`,
  );
}

/** State as a word beside the colour. */
export const policyHeadline = ({ name, disabled }: Policy): Line => line(disabled === true ? '⚪ Disabled: ' : '🟢 Enabled: ', bold(name));
