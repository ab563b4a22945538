import { loading } from '../../blocks/loading.ts';
import { bold, line } from '../../blocks/line.ts';
import { faultText, noticeView, rejectionText, rejectionView } from '../../blocks/notices.ts';
import { panicConfirmation, panicForm, panicProgress } from '../../blocks/panic.ts';
import { policiesList } from '../../blocks/policies.ts';
import { policyForm } from '../../blocks/policy-form.ts';
import { receipt, type ReceiptProps } from '../../blocks/receipt.ts';
import { review } from '../../blocks/review.ts';
import { takenLine } from '../../blocks/break-glass.ts';
import { answering, denial, questioning, reviewingGlass } from '../../blocks/say.ts';
import { statusOf } from '../../blocks/status.ts';
import { secret } from '../../blocks/secret.ts';
import { effectLine, type SettingsProps, settingsForm } from '../../blocks/settings.ts';
import { simulationForm, type Simulated } from '../../blocks/simulation.ts';
import { outcomeLine, standingReview } from '../../blocks/standing-review.ts';
import { parsePanicId } from '../../src/domain/ids.ts';
import type { Panic } from '../../src/domain/panic.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { digestOf } from '../../src/domain/digest.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { must, org } from './http-app.ts';
import { after, alice, asked, dave, digest, end, hour, idOf, many, presets, states, takenAtOnce, type Words } from './scene-values.ts';
import { fitAnswer } from '../../src/domain/target-answer.ts';
import { signInView } from '../../blocks/sign-in.ts';
import type { Scene } from './slack-scenes.ts';

const scene =
  (group: string, as: Scene['as']) =>
  (name: string, title: string, show: Scene['show']): Scene => ({ name, title, group, place: 'modal', as, show });

/** The windows of those who decide, and of whoever has access. */
export function windowScenes(words: Words): Scene[] {
  const deciding = scene('Deciding: the windows', 'alice');
  const having = scene('Windows of whoever asked', 'bob');
  const value = idOf(1);
  const approvers = ['Security reviewers', words.group];
  const standing = many(words, Math.min(words.requests, 300), states(words).standing, { principal: dave, requestor: dave });
  return [
    deciding('review', 'A request, from the home tab', () =>
      review({
        request: asked(words),
        choice: { durations: presets(words), digest },
        approvers,
        policies: [words.policy],
        narrower: ['readonly_masked'],
      }),
    ),
    deciding('review-decided', 'A request that is decided already', () =>
      review({ request: asked(words, { state: states(words).active }), choice: undefined, approvers }),
    ),
    deciding('deny', 'Deny', () => denial(value)),
    deciding('review-break-glass', 'Review what was taken at once', () => {
      const request = takenAtOnce(words, states(words).active);
      return reviewingGlass(value, [takenLine(request), statusOf(request).headline], words.reason);
    }),
    deciding('ask-for-more', 'Ask for more', () => questioning(value)),
    deciding('standing', 'Standing access that ends soon', () =>
      standingReview({ requests: standing, after: undefined, hasMore: true, notice: [] }),
    ),
    deciding('standing-decided', 'Standing access that was decided about', () =>
      standingReview({ requests: standing.slice(2), after: undefined, hasMore: false, notice: standingOutcomes(words) }),
    ),
    deciding('standing-none', 'No standing access ends soon', () =>
      standingReview({ requests: [], after: undefined, hasMore: false, notice: [] }),
    ),
    having('answer', 'Answer', () => answering(value, words.question)),
    having('password', 'The password, once', () =>
      secret({ usage: { command: words.command, account: 'bob' }, password: 'kT4-w9Qz-7mXe-Lr2v' }),
    ),
    having('receipt', 'The receipt of access that has ended', () =>
      receipt({ ...receiptOf(words), grant: { ...receiptOf(words).grant, said: undefined } }),
    ),
    deciding('receipt-auditor', 'The receipt, for those who read the audit log', () => receipt(receiptOf(words))),
    having('loading', 'While something is looked up', () => loading('Request access')),
    having('notice', 'Something cannot be done', () => rejectionView('Your password', { code: 'nothing-to-show' })),
    having('notice-unlinked', 'Your Slack account is not linked yet', () =>
      rejectionView('Request access', { code: 'identity-unknown', why: 'unlinked' }),
    ),
    having('sign-in-window', 'Sign in, from a window or the home tab', () =>
      signInView(`https://curfew.example.com/link/${'x'.repeat(43)}`),
    ),
    having('notice-fault', 'A fault of ours', () => noticeView('Request access', faultText('01938a00'))),
  ];
}

function receiptOf(words: Words): ReceiptProps {
  const where = { readAt: '2026-11-24T10:01:00.512345Z', server: '18.4', system: '7412398012345678901', database: 'orders' };
  const right = { role: words.resource, account: 'bob' };
  const actions = ['request.submitted', 'request.approved', 'grant.activated', 'grant.ended'];
  const count = words.requests > 20 ? words.requests : actions.length;
  return {
    request: asked(words, { state: states(words).ended }),
    grant: {
      account: 'bob',
      grantedAt: after(1),
      said: {
        given: fitAnswer({ ...where, ...right, grantor: 'curfew', validUntil: '2026-11-24T11:01:00.000000Z' }),
        gone: fitAnswer({ ...where, ...right, membership: 'none', login: 'none', endedPids: '4711, 4712' }),
      },
    },
    events: Array.from({ length: count }, (_, index) => ({
      action: actions[index] ?? 'request.nudged',
      seq: 812 + 3 * index,
      hash: digestOf([index]).repeat(4),
    })),
  };
}

function standingOutcomes(words: Words) {
  const [request] = many(words, 1, states(words).standing, { principal: dave, requestor: dave });
  return [
    outcomeLine({ request, came: { kind: 'kept', until: after(1440) } }),
    outcomeLine({ request, came: { kind: 'ending' } }),
    outcomeLine({ request, came: { kind: 'refused', why: rejectionText({ code: 'standing-over' }) } }),
  ];
}

/** The windows of owners. */
export const ownerScenes = (words: Words): Scene[] => [
  ...settingsScenes(words),
  ...policyScenes(words),
  ...simulationScenes(words),
  ...panicScenes(words),
];

function panicScenes(words: Words): Scene[] {
  const { integration, service, accessType, resource, reason, fault } = words;
  const owner = scene('Owners and security reviewers: panic', 'alice');
  const permission = { integration, service, accessType, resource };
  const right = { kind: 'right', integration, accessType, resource } as const;
  const ofDave = { kind: 'person', person: dave.email } as const;
  const many = Math.min(words.requests, 12);
  const items = Array.from({ length: many }, (_, index) => ({
    request: idOf(index),
    principal: dave.email,
    permission,
    state: 'active' as const,
  }));
  const preview = { planned: 0, active: many, ending: 0, people: 1, rights: many, requests: 1, preApprovals: 0, items };
  const draft = { kind: 'person', which: dave.email, reason: reason.slice(0, 500), hold: true } as const;
  const failures = items.slice(0, 20).map((item) => ({ ...item, why: fault }));
  const progress = { total: many + 2, gone: 2, left: many, failing: failures.length, requestsDenied: 1, preApprovalsClosed: 0, failures };
  const panic: Panic = {
    org,
    id: must(parsePanicId(idOf(1))),
    selection: ofDave,
    reason,
    hold: true,
    startedBy: alice,
    startedAt: after(0),
    lifted: undefined,
    markedAt: after(0),
    doneAt: undefined,
    progress,
  };
  const done: Panic = { ...panic, doneAt: after(1), progress: { ...progress, gone: many + 2, left: 0, failing: 0, failures: [] } };
  return [
    owner('panic', 'What is it about?', () => panicForm([])),
    owner('panic-running', 'While others are under way', () =>
      panicForm([panic, { ...panic, id: must(parsePanicId(idOf(2))), selection: right }]),
    ),
    owner('panic-preview', 'What would end', () => panicConfirmation(draft, ofDave, preview)),
    owner('panic-nothing', 'Nothing is there yet, and nothing will be given', () =>
      panicConfirmation(draft, right, { ...preview, active: 0, people: 0, rights: 0, requests: 0, items: [] }),
    ),
    owner('panic-failing', 'Under way, and a target fails', () => panicProgress({ ...panic, selection: { kind: 'target', integration } })),
    owner('panic-done', 'Done, and on hold', () => panicProgress(done)),
    owner('panic-lifted', 'Lifted', () =>
      panicProgress({ ...done, selection: { kind: 'everything' }, lifted: { at: after(60), by: alice } }),
    ),
    owner('panic-own', 'Whom it holds does not lift it', () => panicProgress(panic, rejectionText({ code: 'on-hold', own: true }))),
  ];
}

function settingsScenes(words: Words): Scene[] {
  const owner = scene('Owners: JIT settings', 'alice');
  const expiryOptions = presets(words).map((seconds) => ({ time: seconds / 60, unit: 'm' as const, value: `${seconds / 3600} h` }));
  const settings = { ...defaultSettings, expiryOptions: words.presets > 4 ? expiryOptions : defaultSettings.expiryOptions };
  const props: SettingsProps = { settings, version: '7', filled: undefined, notes: {}, notice: [], shown: undefined };
  const window = (name: string, title: string, more: Partial<SettingsProps>) =>
    owner(`settings${name}`, title, () => settingsForm({ ...props, ...more }));
  const shorter = { ...settings, maxAccess: { time: 8, unit: 'h' } as const };
  return [
    window('', 'As they are', {}),
    window('-effect', 'What a change will do', {
      settings: shorter,
      notes: { maxAccess: { count: words.requests, firstEnd: end } },
      notice: line(effectLine({ count: words.requests, firstEnd: end }), ' Nothing is saved yet. Press Save again to do it.'),
      shown: digest,
    }),
    window('-problem', 'What is typed cannot be', {
      notes: { addOptions: { problem: '“soon” is not a duration. Write it like 90m, 2h or "2 hours".' } },
    }),
    window('-empty', 'Without presets', { settings: { ...settings, expiryOptions: [] } }),
  ];
}

function policyScenes(words: Words): Scene[] {
  const owner = scene('Owners: policies', 'alice');
  const groups = [{ directory: 'local', id: words.group, label: words.group }];
  const policy: Policy = {
    name: words.policy,
    requestor: { type: 'any' },
    resource: { type: 'integration', service: words.service, accessType: words.accessType },
    approval: [{ type: 'group', effect: 'keep', groups }, { type: 'p0' }],
  };
  const off: Policy = { ...policy, name: `${words.policy} 2`, disabled: true, resource: { type: 'any' }, approval: [{ type: 'deny' }] };
  const policies = [policy, off, ...Array.from({ length: 40 }, (_, index) => ({ ...policy, name: `${words.policy} ${index + 3}` }))]
    .slice(0, Math.max(2, words.requests - 1))
    .map((each) => ({ policy: each, version: '3' }));
  const form = {
    policy: { version: '3', name: words.policy },
    shown: undefined,
    yaml: words.yaml,
    findings: [],
    notice: [],
    stored: undefined,
  };
  const warning = { severity: 'warning', text: words.finding } as const;
  const problem = {
    severity: 'error',
    text: 'approval.0.type: one of p0, group, requestor-profile, auto, persistent, escalation, deny.',
  } as const;
  return [
    owner('policies', 'The list', () =>
      policiesList({ policies, trail: [], next: '10', notice: line('✅ The policy ', bold(off.name), ' is disabled.') }),
    ),
    owner('policies-none', 'Without policies', () => policiesList({ policies: [], trail: [], next: undefined, notice: [] })),
    owner('policy-new', 'A new policy', () => policyForm({ ...form, policy: undefined, yaml: '' })),
    owner('policy-edit', 'Editing a policy', () => policyForm(form)),
    owner('policy-warning', 'What there is to think about before it is saved', () =>
      policyForm({ ...form, findings: [warning], shown: digest }),
    ),
    owner('policy-error', 'What cannot be saved', () => policyForm({ ...form, findings: [problem] })),
    owner('policy-conflict', 'Somebody else changed it meanwhile', () =>
      policyForm({
        ...form,
        stored: words.yaml,
        notice: line(
          '⚠️ Somebody changed this policy meanwhile. Nothing was saved. What is stored now stands below; Save replaces it by your text.',
        ),
      }),
    ),
    owner('policy-long', 'A policy that is too long for Slack', () => policyForm({ ...form, yaml: words.yaml.padEnd(3001, '#') })),
  ];
}

function simulationScenes(words: Words): Scene[] {
  const owner = scene('Owners: trying a request', 'alice');
  const ask: Simulated = {
    outcome: 'ask',
    by: words.policy,
    approvers: ['Security reviewers', words.group],
    requires: { reason: true, duration: false, preapproval: false },
    preApproval: null,
    breakGlass: { possible: true, by: words.policy, atMost: hour },
    refusal: undefined,
    policies: [{ name: words.policy, matches: true }],
  };
  const asks = `${words.service} ${words.accessType} ${words.resource}`;
  return [
    owner('simulation', 'As it opens', () => simulationForm(undefined)),
    owner('simulation-ask', 'People would decide', () => simulationForm({ asked: asks, result: ask })),
    owner('simulation-deny', 'It would be denied', () =>
      simulationForm({
        asked: asks,
        result: {
          ...ask,
          outcome: 'deny',
          breakGlass: { possible: false, by: null, atMost: null },
          requires: { ...ask.requires, reason: false },
          refusal: rejectionText({ code: 'not-allowed', deniedBy: words.policy }),
        },
      }),
    ),
  ];
}
