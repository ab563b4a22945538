import { type Finding, type FindingCode, type LintFacts, pathTo, quote, type Severity } from './lint-finding.ts';
import type { Policy, PolicyApproval } from './policy.ts';
import { coversPeople, groupsOf, type People } from './policy-cover.ts';

/** Why nobody can approve by it, and whether that stops other ways too. */
type Dead = { readonly code: FindingCode; readonly severity: Severity; readonly member: string; readonly text: string };

/** Who can approve, and whether that is whoever asks. `reached` says which approvals are ever looked at. */
export function lintApprovals(policy: Policy, index: number, people: People, reached: readonly boolean[], facts: LintFacts): Finding[] {
  const { name, approval: approvals, resource } = policy;
  if (approvals.length === 0)
    return [
      at(
        'opens-nothing',
        'warning',
        '',
        'It has no approval, so it opens nothing. It does not deny either: other policies may open what it matches.',
      ),
    ];
  function at(code: FindingCode, severity: Severity, place: number | '', text: string, member?: string): Finding {
    const path = pathTo(index, 'approval', ...(place === '' ? [] : [place]), ...(member === undefined ? [] : [member]));
    return { code, severity, policy: name, path, text };
  }
  const dead = approvals.map((approval) => whyNobody(approval, facts));
  const each = approvals.flatMap((approval, place) => {
    if (reached[place] !== true) return [];
    const why = dead[place];
    if (why !== undefined) return [at(why.code, why.severity, place, why.text, why.member)];
    if (approval.type === 'persistent' && resource.type === 'any' && people.kind === 'everybody')
      return [at('open-to-all', 'warning', place, 'Everybody gets everything, and nobody is asked.')];
    const glass = whatBreaks(policy, approval, people);
    const own = whoDecidesAlone(approval, people, facts);
    const lost = approval.options?.nextGroups?.groups.find(({ directory }) => !facts.hasDirectory(directory));
    return [
      ...(glass === undefined ? [] : [at(glass.code, 'warning', place, glass.text, 'options')]),
      ...(own === undefined ? [] : [at('self-approval', own.severity, place, own.text, 'options')]),
      ...(lost === undefined ? [] : [at('no-approver', 'warning', place, noNextGroup(lost.directory), 'options')]),
    ];
  });
  const isShut = approvals.every((approval, place) => approval.type !== 'deny' && dead[place] !== undefined);
  return isShut ? [...each, at('nobody-can-approve', 'error', '', 'Nobody can approve by this policy.')] : each;
}

/** Where nobody answers by it, its next groups still can. */
function whyNobody(approval: PolicyApproval, facts: LintFacts): Dead | undefined {
  const why = whyDead(approval, facts);
  const isLast = approval.options?.nextGroups?.groups.some(({ directory }) => facts.hasDirectory(directory)) !== true;
  return isLast || why?.code !== 'no-approver' || why.severity === 'error' ? why : undefined;
}

/** Undefined: somebody may be able to, or nobody needs to. */
function whyDead(approval: PolicyApproval, facts: LintFacts): Dead | undefined {
  switch (approval.type) {
    case 'p0': {
      const { mailboxes, groups } = facts.reviewers;
      if (mailboxes.size > 0 || groups) return undefined;
      return { code: 'no-approver', severity: 'warning', member: 'type', text: 'There is no security reviewer.' };
    }
    case 'group':
      return whyNoGroup(approval, facts);
    case 'requestor-profile':
      if ((approval.options?.requiredApprovals ?? 1) > 1)
        return { code: 'no-approver', severity: 'error', member: 'options', text: 'It names one person, and wants several.' };
      return facts.hasDirectory(approval.directory) ? undefined : unknownDirectory(approval.directory, 'directory');
    case 'auto':
      return facts.hasOnCall(approval.integration) ? undefined : unknownOnCall(approval.integration, 'Nobody gets anything by it.');
    case 'escalation':
      return facts.hasOnCall(approval.integration) ? undefined : unknownOnCall(approval.integration, 'Nobody can approve by it.');
    case 'persistent':
    case 'deny':
      return undefined;
  }
}

const noNextGroup = (directory: string): string =>
  `The directory ${quote(directory)} is not configured, so nobody is known to be in a group that is to be asked next.`;

const refusesAll = 'Requests that the policy matches are refused, unless another policy settles them first.';

const unknownDirectory = (directory: string, member: string): Dead => ({
  code: 'unknown-directory',
  severity: 'error',
  member,
  text: `The directory ${quote(directory)} is not configured. ${refusesAll}`,
});

const unknownOnCall = (integration: string, outcome: string): Dead => ({
  code: 'unknown-on-call',
  severity: 'warning',
  member: 'integration',
  text: `${quote(integration)} is not configured, so nobody is on call through it. ${outcome}`,
});

/** Outside groups that cannot be looked up, as inside them, nobody is known to be. */
function whyNoGroup({ groups, effect }: PolicyApproval & { readonly type: 'group' }, facts: LintFacts): Dead | undefined {
  const missing = groups.filter(({ directory }) => !facts.hasDirectory(directory));
  const none = (text: string): Dead => ({ code: 'no-approver', severity: 'warning', member: 'groups', text });
  if (effect === 'keep' && groups.length === 0) return none('It names no group, so nobody can approve by it.');
  const [first] = missing;
  if (first === undefined || (effect === 'keep' && missing.length < groups.length)) return undefined;
  return none(
    `The directory ${quote(first.directory)} is not configured, so nobody is known to be ${effect === 'keep' ? 'in' : 'outside'} its groups.`,
  );
}

/** Does break-glass count for nothing here, or open everything to everybody? */
function whatBreaks({ resource }: Policy, { type, options }: PolicyApproval, people: People): Pick<Finding, 'code' | 'text'> | undefined {
  if ((options?.breakGlass ?? undefined) === undefined) return undefined;
  if (type === 'auto' || type === 'persistent' || type === 'deny')
    return { code: 'ignored', text: 'breakGlass counts for nothing here: it is for approvals that people would give.' };
  return resource.type === 'any' && people.kind === 'everybody'
    ? { code: 'open-to-all', text: 'Everybody can take everything at once, and nobody is asked before.' }
    : undefined;
}

/** Does it let people who ask approve for themselves? */
function whoDecidesAlone(approval: PolicyApproval, people: People, facts: LintFacts): { severity: Severity; text: string } | undefined {
  if (approval.options?.allowOneParty !== true) return undefined;
  const all = { severity: 'warning', text: 'Everybody whom the policy speaks about can approve their own requests.' } as const;
  if (approval.type === 'group') return coversPeople(groupsOf(approval.groups, approval.effect), people) ? all : undefined;
  if (approval.type !== 'p0') return undefined;
  if (people.kind === 'user') return facts.reviewers.mailboxes.has(people.mailbox) ? all : undefined;
  return people.kind === 'everybody' ? { severity: 'info', text: 'Security reviewers can approve their own requests.' } : undefined;
}
