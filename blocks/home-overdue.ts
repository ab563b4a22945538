import type { KnownBlock } from '@slack/types';
import type { Grant, GrantHours } from '../src/domain/grant.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import type { Instant } from '../src/domain/time.ts';
import { paragraph, title } from './kit.ts';
import { bold, date, line, onOneLine, words } from './line.ts';
import { rightLine } from './words.ts';

/** `shown` are the longest overdue of `count`; `problem` is what the last try to take it away came to. */
export type Overdue = {
  readonly count: number;
  readonly shown: readonly { readonly request: PermissionRequest; readonly problem: string | undefined }[];
};

const mostShown = 5;

/** Access that should be gone and was not seen gone. The word says it, not the colour alone. */
export function overdueBlocks({ count, shown }: Overdue): KnownBlock[] {
  const rows = shown
    .slice(0, mostShown)
    .map(({ request, problem }) =>
      paragraph(
        line('🔴 ', bold('Overdue'), ': ', rightLine(request.permission), ' of ', bold(request.principal.email)),
        line(...sinceWords(request), ' It is being tried again until it is seen gone.'),
        ...(problem === undefined ? [] : [line('Last try: ', onOneLine(problem, 200))]),
      ),
    );
  const left = count - rows.length;
  const more = left > 0 ? [paragraph(words(`🔴 ${left} more are overdue.`))] : [];
  return [title(`🔴 Overdue: ${count} not seen gone after the end`), ...rows, ...more];
}

function sinceWords({ state }: PermissionRequest) {
  const grant = state.kind === 'approved' ? state.grant : undefined;
  if (grant?.state.kind === 'failed') return ['Could not be given, and may be there all the same since ', date(grant.state.at), '.'];
  const end = grant === undefined ? undefined : endOf(grant);
  return ['Should have ended ', end === undefined ? 'some time ago' : date(end), '.'];
}

function endOf({ state: grant, hours }: Grant): Instant | undefined {
  switch (grant.kind) {
    case 'planned':
      return grant.latestEnd;
    case 'active':
      return hours === undefined ? grant.expiresAt : earlier(grant.expiresAt, hoursEnd(hours));
    case 'ending':
    case 'ended':
      return grant.end.at;
    case 'failed':
      return undefined;
  }
}

const hoursEnd = ({ state, closesAt, closedAt }: GrantHours): Instant => (state === 'closing' ? (closedAt ?? closesAt) : closesAt);
const earlier = (one: Instant, other: Instant): Instant => (one < other ? one : other);
