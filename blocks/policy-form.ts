/** The window in which one policy is written, as YAML. */
import type { KnownBlock, ModalView } from '@slack/types';
import { fence, paragraph, plain, window } from './kit.ts';
import { type Line, bold, line, onLines, words } from './line.ts';
import { encodeEditState, type EditState } from './policies-wire.ts';
import { actionIds, noticeId, viewIds } from './wire.ts';

export type PolicyFormProps = EditState & {
  readonly yaml: string;
  /** Said of the text that stands there, before it is saved. */
  readonly findings: readonly { readonly severity: 'error' | 'warning' | 'info'; readonly text: string }[];
  readonly notice: Line | undefined;
  /** What is stored now, where it is not what was edited. */
  readonly stored: string | undefined;
};

/** A text field of Slack takes so many characters. */
const longestYaml = 3000;
const mostFindings = 10;

export const policyHeading = 'Policy';
export const policyBlock = 'policy_yaml';

export function policyForm(props: PolicyFormProps): ModalView {
  const { policy, yaml, notice, findings, stored } = props;
  if (Array.from(yaml).length > longestYaml) return tooLong(policy?.name ?? '', yaml);
  const said = findings.slice(0, mostFindings).map(({ severity, text }) => findingLine(severity, text));
  const blocks: KnownBlock[] = [
    ...(notice === undefined ? [] : [paragraph(notice)]),
    ...(policy === undefined ? [] : [paragraph(line('Policy ', bold(policy.name)))]),
    {
      type: 'input',
      block_id: policyBlock,
      label: plain('Who may ask for what, and who decides (YAML)', 2000),
      hint: plain('Written as in the API: name, requestor, resource, approval. At most 3000 characters here.', 2000),
      element: {
        type: 'plain_text_input',
        action_id: actionIds.policyText,
        multiline: true,
        max_length: longestYaml,
        ...(yaml === '' ? {} : { initial_value: yaml }),
      },
    },
    ...(said.length === 0 ? [] : [paragraph(...said)]),
    ...(stored === undefined ? [] : [paragraph(words('Stored now:')), fence(stored)]),
  ];
  return {
    type: 'modal',
    callback_id: viewIds.policy,
    title: plain(policy === undefined ? 'New policy' : policyHeading, 24),
    submit: plain('Save', 24),
    close: plain('Cancel', 24),
    private_metadata: encodeEditState(props),
    blocks,
  };
}

const signs = { error: '🚫 Error: ', warning: '⚠️ Warning: ', info: 'ℹ️ Note: ' } as const;
const findingLine = (severity: keyof typeof signs, text: string): Line => line(signs[severity], onLines(text, 300));

const tooLong = (name: string, yaml: string): ModalView =>
  window(
    policyHeading,
    [
      paragraph(
        line(bold(name), ` has ${Array.from(yaml).length} characters as YAML; a field of Slack takes ${longestYaml}.`),
        words('Change it through the API (PUT /o/…/policy/name/…) or with Terraform.'),
      ),
    ],
    noticeId,
  );
