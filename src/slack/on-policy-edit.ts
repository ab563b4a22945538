/** The window in which one policy is written as YAML. */
import { bold, line, words, type Line } from '../../blocks/line.ts';
import { window } from '../../blocks/kit.ts';
import { paragraph } from '../../blocks/kit.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { decodeEditState, decodePolicyRef, type EditState } from '../../blocks/policies-wire.ts';
import { policyBlock, policyForm, policyHeading, type PolicyFormProps } from '../../blocks/policy-form.ts';
import { actionIds, noticeId } from '../../blocks/wire.ts';
import type { PolicyLint } from '../app/lint-policies.ts';
import type { Caller } from '../app/ports.ts';
import { digestOf } from '../domain/digest.ts';
import type { Policy } from '../domain/policy.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { attempt, type Desk, privately } from './desk.ts';
import { drawPolicies } from './on-policies.ts';
import { typed, type Press } from './press.ts';
import { pushWindow } from './push-window.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

type ModalView = ReturnType<typeof policyForm>;
type Finding = PolicyLint['findings'][number];

const refused = (rejection: Rejection): ModalView => rejectionView(policyHeading, rejection);
const draw = (state: EditState, yaml: string, more: Partial<PolicyFormProps> = {}): ModalView =>
  policyForm({ findings: [], notice: undefined, stored: undefined, ...state, yaml, ...more });

const example: Policy = {
  name: 'My policy',
  requestor: { type: 'any' },
  resource: { type: 'any' },
  approval: [{ type: 'p0', options: { requireReason: true } }],
};

export const onEditPolicy = opening(async (desk, caller, press) => {
  const ref = decodePolicyRef(press.value);
  const found = ref === undefined ? reject({ code: 'not-found' }) : await desk.useCases.policies.read(caller, ref.name);
  if (!found.ok) return found.rejection.code === 'not-found' ? gone : refused(found.rejection);
  const { policy, version } = found.value;
  return draw({ policy: { version, name: policy.name }, shown: undefined }, desk.policyText.write(policy));
});

/** The door that reads all policies says whether this person may. */
export const onNewPolicy = opening(async (desk, caller) => {
  const allowed = await desk.useCases.policies.list(caller, { after: undefined, limit: 1 });
  return allowed.ok ? draw({ policy: undefined, shown: undefined }, desk.policyText.write(example)) : refused(allowed.rejection);
});

const gone = window(policyHeading, [paragraph(words('This policy is not there any more.'))], noticeId);

function opening(fill: (desk: Desk, caller: Caller, press: Press) => Promise<ModalView>): (desk: Desk, press: Press) => Promise<void> {
  return (desk, press) =>
    attempt(desk, privately(desk, press.userId, press.respond), async () => {
      const opened = await pushWindow(desk, press.triggerId, policyHeading);
      await attempt(desk, opened.tell, async () => {
        const caller = await desk.identities.caller(press.userId);
        await opened.show(caller.ok ? await fill(desk, caller.value, press) : refused(caller.rejection));
      });
    });
}

/** Errors stand at the field; warnings are shown once, and the next Save keeps the policy as it is. */
export async function onPolicySubmitted(desk: Desk, { userId, values, metadata, parent }: Submission): Promise<SubmissionAnswer> {
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return done(refused(caller.rejection));
  const state = decodeEditState(metadata);
  if (state === undefined) return done(gone);
  const yaml = typed(values, policyBlock, actionIds.policyText) ?? '';
  const read = desk.policyText.read(yaml);
  if ('problem' in read) return atField(read.problem);
  if (state.policy !== undefined && read.policy.name !== state.policy.name)
    return atField(`The name must stay ${JSON.stringify(state.policy.name)}. To rename a policy, make a new one and delete this one.`);
  const findings = await lint(desk, caller.value, read.policy);
  if (!findings.ok) return done(refused(findings.rejection));
  const errors = findings.value.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return atField(errors.map(({ text }) => text).join(' '));
  const shown = findings.value.length === 0 ? undefined : digestOf([yaml, findings.value.map(({ text }) => text)]);
  if (shown !== undefined && shown !== state.shown)
    return done(
      draw({ ...state, shown }, yaml, {
        findings: findings.value,
        notice: words('Nothing is saved yet. Press Save again to keep it as it is.'),
      }),
    );
  const saved = await save(desk, caller.value, state, read.policy);
  if (!saved.ok) return notSaved(desk, caller.value, { state, yaml, policy: read.policy, rejection: saved.rejection });
  await refreshList(desk, caller.value, parent);
  return done(window(policyHeading, [paragraph(line('✅ The policy ', bold(read.policy.name), ' is saved.'))], noticeId));
}

const done = (view: ModalView): SubmissionAnswer => ({ kind: 'done', view });
const longestError = 600;
const atField = (text: string): SubmissionAnswer => ({
  kind: 'errors',
  errors: { [policyBlock]: Array.from(text).slice(0, longestError).join('') },
});

const save = (desk: Desk, caller: Caller, { policy: ref }: EditState, policy: Policy) =>
  ref === undefined
    ? desk.useCases.policies.create(caller, policy.name, policy)
    : desk.useCases.policies.update(caller, ref.name, policy, [ref.version]);

/** Beyond so many policies only the one is looked at: the answer must come within three seconds. */
const mostBesides = 300;

/** What is said of this policy among the others that are stored. */
async function lint(desk: Desk, caller: Caller, policy: Policy): Promise<Result<readonly Finding[]>> {
  const { policies } = desk.useCases;
  const stored = await policies.document(caller);
  if (!stored.ok) return stored;
  const { rules } = stored.value;
  const isStored = rules.some(({ name }) => name === policy.name);
  const after = isStored ? rules.map((rule) => (rule.name === policy.name ? policy : rule)) : [...rules, policy];
  const found = await policies.lintGiven(caller, rules.length > mostBesides ? [policy] : after);
  return found.ok ? accept(found.value.findings.filter(({ policy: about }) => about === policy.name).map(withPlace)) : found;
}

/** `/rules/3/approval/0` is `approval.0` of the one that is written. */
function withPlace(finding: Finding): Finding {
  const place = finding.path.split('/').slice(3).join('.');
  return place === '' ? finding : { ...finding, text: `${place}: ${finding.text}` };
}

type NotSaved = { readonly state: EditState; readonly yaml: string; readonly policy: Policy; readonly rejection: Rejection };

/** What was typed is kept, whatever happened meanwhile. */
async function notSaved(desk: Desk, caller: Caller, { state, yaml, policy, rejection }: NotSaved): Promise<SubmissionAnswer> {
  if (rejection.code === 'invalid-value') return atField(`${rejection.field}: ${rejection.why}`);
  if (rejection.code === 'exists' || rejection.code === 'too-many') return atField(rejectionText(rejection));
  if (rejection.code !== 'precondition-failed' && rejection.code !== 'not-found') return done(refused(rejection));
  const now = await desk.useCases.policies.read(caller, policy.name);
  if (!now.ok && now.rejection.code !== 'not-found') return done(refused(now.rejection));
  const notice: Line = now.ok
    ? words('⚠️ Somebody changed this policy meanwhile. Nothing was saved. What is stored now stands below; Save replaces it by your text.')
    : words('⚠️ Somebody deleted this policy meanwhile. Nothing was saved. Save makes it anew from your text.');
  const ref = now.ok ? { version: now.value.version, name: policy.name } : undefined;
  const stored = now.ok ? desk.policyText.write(now.value.policy) : undefined;
  return done(draw({ ...state, policy: ref }, yaml, { notice, stored }));
}

/** The list below this window. The policy is saved: that the list is late must not look like a failure of it. */
async function refreshList(desk: Desk, caller: Caller, parent: string | undefined): Promise<void> {
  if (parent === undefined) return;
  const view = await drawPolicies(desk, caller, [], undefined);
  await desk.client.views
    .update({ view_id: parent, view })
    .catch((error: unknown) => desk.log.warn({ err: error }, 'the list of policies could not be redrawn'));
}
