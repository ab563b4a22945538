/** The window that lists the access policies. */
import type { Button, KnownBlock, ModalView } from '@slack/types';
import { digestOf } from '../src/domain/digest.ts';
import type { Policy } from '../src/domain/policy.ts';
import { actions, button, confirmation, paragraph, window } from './kit.ts';
import { type Line, onOneLine, words } from './line.ts';
import { encodePolicyRef, encodeTrail, type Trail } from './policies-wire.ts';
import { policyHeadline, policyLine } from './policy-words.ts';
import { actionIds, noticeId } from './wire.ts';

export type PoliciesProps = {
  readonly policies: readonly { readonly policy: Policy; readonly version: string }[];
  readonly trail: Trail;
  /** After which position the next page begins, where there is one. */
  readonly next: string | undefined;
  /** Above everything: what was done, or why nothing was. */
  readonly notice: Line | undefined;
};

export const policiesHeading = 'Policies';
/** Two blocks each. */
export const policiesPerPage = 10;

export function policiesList({ policies, trail, next, notice }: PoliciesProps): ModalView {
  const none = trail.length === 0 ? 'There are no policies: security reviewers decide every request.' : 'There are no more policies.';
  const rows = policies.slice(0, policiesPerPage).flatMap(row);
  return {
    ...window(
      policiesHeading,
      [
        ...(notice === undefined ? [] : [paragraph(notice)]),
        actions('policies', [
          button({ actionId: actionIds.newPolicy, label: 'New policy', spoken: 'Write a new policy', value: 'new' }),
          button({
            actionId: actionIds.openSimulation,
            label: 'Try a request',
            spoken: 'See what the policies make of a request',
            value: 'try',
          }),
        ]),
        ...(rows.length === 0 ? [paragraph(words(none))] : rows),
        ...turnButtons(trail, next),
      ],
      noticeId,
    ),
    private_metadata: encodeTrail(trail),
  };
}

function row({ policy, version }: PoliciesProps['policies'][number]): KnownBlock[] {
  const { name, disabled } = policy;
  const said = onOneLine(name, 50);
  const value = encodePolicyRef({ version, name });
  const enable = button({ actionId: actionIds.togglePolicy, label: 'Enable', spoken: `Enable the policy ${said}`, value });
  const disable = button({
    actionId: actionIds.togglePolicy,
    label: 'Disable',
    spoken: `Disable the policy ${said}`,
    value,
    confirm: confirmation(
      'Disable this policy?',
      `What only ${said} allows cannot be asked for any more. What it denies may become possible.`,
      'Disable it',
    ),
  });
  return [
    paragraph(policyHeadline(policy), policyLine(policy)),
    actions(`policy:${digestOf(name)}`, [
      button({ actionId: actionIds.editPolicy, label: 'Edit', spoken: `Edit the policy ${said}`, value }),
      disabled === true ? enable : disable,
      button({
        actionId: actionIds.deletePolicy,
        label: 'Delete',
        spoken: `Delete the policy ${said}`,
        value,
        style: 'danger',
        confirm: confirmation('Delete this policy?', `${said} is deleted for everybody. Its history stays.`, 'Delete it'),
      }),
    ]),
  ];
}

function turnButtons(trail: Trail, next: string | undefined): KnownBlock[] {
  const turn = (actionId: string, label: string, spoken: string, to: Trail): Button =>
    button({ actionId, label, spoken, value: encodeTrail(to) || 'first' });
  const buttons = [
    ...(trail.length === 0 ? [] : [turn(actionIds.policiesPrevious, '◀ Previous', 'Previous policies', trail.slice(0, -1))]),
    ...(next === undefined ? [] : [turn(actionIds.policiesNext, 'Next ▶', 'Next policies', [...trail, next])]),
  ];
  return buttons.length === 0 ? [] : [actions('turn:policies', buttons)];
}
