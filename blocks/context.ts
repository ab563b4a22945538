/** What an approver wants to know beside the request itself. */
import type { ApprovalProps } from './approval.ts';
import { type Line, bold, date, line, onOneLine } from './line.ts';

const mostPolicies = 3;

export function contextLines({
  request,
  history,
  policies = [],
}: Pick<ApprovalProps, 'request' | 'history' | 'policies'>): readonly Line[] {
  return [...historyLines(request, history), ...ruleLines(policies)];
}

function historyLines({ extension, principal }: ApprovalProps['request'], history: ApprovalProps['history']): readonly Line[] {
  if (history === undefined) return [];
  const { count, last, denied } = history;
  const no = denied === undefined ? [] : [line('⚠️ ', bold('Denied'), ' to them ', date(denied))];
  // More time for what somebody has says already that they have it.
  if (last === undefined && extension !== undefined) return no;
  if (last === undefined) return [line('⚠️ ', bold('First time'), ` for ${onOneLine(principal.email, 100)}`), ...no];
  const often = count === 0 ? 'Not in the last 30 days' : `${count === 1 ? 'Once' : `${count} times`} in the last 30 days`;
  return [line(`${often}, last `, date(last)), ...no];
}

function ruleLines(policies: readonly string[]): readonly Line[] {
  if (policies.length === 0) return [];
  const named = policies.slice(0, mostPolicies).map((name, index) => (index === 0 ? bold(name) : line(', ', bold(name))));
  const more = policies.length > mostPolicies ? ` and ${policies.length - mostPolicies} more` : '';
  return [line(policies.length === 1 ? 'Policy: ' : 'Policies: ', ...named, more)];
}
