/** The window in which owners change the JIT settings. */
import type { InputBlock, KnownBlock, ModalView, MultiStaticSelect, PlainTextInput, PlainTextOption } from '@slack/types';
import { type Duration, optionLabel } from '../src/domain/duration.ts';
import type { ExpiryOption, Settings } from '../src/domain/settings.ts';
import type { Instant } from '../src/domain/time.ts';
import { actions, button, confirmation, paragraph, plain } from './kit.ts';
import { bold, cut, date, type Line, line, words } from './line.ts';
import { encodeSettingsState, type SettingsField, settingsBlock } from './settings-wire.ts';
import { actionIds, viewIds } from './wire.ts';

/** How many live grants would be shortened, and the first of their new ends. */
export type Shortening = { readonly count: number; readonly firstEnd: Instant | undefined };

/** Said below a field: what is wrong with what stands there, what saving it would do, or what is stored where that is something else. */
export type SettingsNote = { readonly problem: string } | { readonly stored: string } | Shortening;

/** What stands in the fields, as far as that is known. Presets are always shown as they are stored. */
export type FilledSettings = {
  readonly texts: Partial<Record<SettingsField, string>>;
  readonly approvals: Settings['defaultApprovals'] | undefined;
};

export type SettingsProps = {
  readonly settings: Settings;
  /** Of the settings that are shown; a field of another version is another field, so that what was typed does not stay. */
  readonly version: string;
  /** Undefined: what is stored. */
  readonly filled: FilledSettings | undefined;
  readonly notes: Partial<Record<SettingsField, SettingsNote>>;
  /** Above everything: what was done, or why nothing was. */
  readonly notice: Line | undefined;
  /** Fingerprint of the effect that is shown, which the next Save agrees to. */
  readonly shown: string | undefined;
};

export const settingsHeading = 'JIT settings';

export function settingsForm(props: SettingsProps): ModalView {
  const { settings, version, notice, shown, notes, filled } = props;
  const { maxAccess, standingAccess, approvable } = settings;
  return {
    type: 'modal',
    callback_id: viewIds.settings,
    title: plain(settingsHeading, 24),
    submit: plain('Save', 24),
    close: plain('Close', 24),
    private_metadata: encodeSettingsState({ version, shown }),
    blocks: [
      ...(notice === undefined ? [] : [paragraph(notice)]),
      ...presetBlocks(props),
      ...durationBlocks(props, 'maxAccess', 'Longest access', maxAccess, 'Lowering it shortens live grants that last longer.'),
      ...durationBlocks(
        props,
        'standingAccess',
        'Longest standing access',
        standingAccess,
        'After this long, standing access must be approved again. Lowering it shortens live standing access.',
      ),
      ...durationBlocks(
        props,
        'approvable',
        'Requests wait for at most',
        approvable,
        'A request that nobody decides for this long lapses.',
      ),
      approvalsInput(filled?.approvals ?? settings.defaultApprovals, version),
      ...noteBlocks(notes.defaultApprovals),
    ],
  };
}

/** A dropdown takes no more; there are not more unless somebody wrote them into the database. */
export const mostPresets = 100;
const example = 'For example 8h or 30 days.';

function presetBlocks({ settings: { expiryOptions }, version, notes, filled }: SettingsProps): KnownBlock[] {
  return [
    ...(expiryOptions.length === 0 ? [paragraph(words('There are no presets: people are offered the longest access.'))] : []),
    ...(expiryOptions.length === 0 ? [] : [keepInput(expiryOptions, version)]),
    input('addOptions', version, 'Add presets', textInput(filled?.texts.addOptions), {
      hint: 'For example 4h, or 2 days. Commas between several.',
      optional: true,
      dispatches: true,
    }),
    ...noteBlocks(notes.addOptions),
    actions('reset_presets', [
      button({
        actionId: actionIds.resetPresets,
        label: 'Reset presets',
        spoken: 'Bring the default presets back',
        value: version,
        style: 'danger',
        confirm: confirmation('Bring the default presets back?', 'The presets that are there now are replaced.', 'Reset them'),
      }),
    ]),
  ];
}

/** An option is known by the label that its time and unit give: stored labels may occur twice. */
function keepInput(options: readonly ExpiryOption[], version: string): InputBlock {
  const choices = options.slice(0, mostPresets).map((each): PlainTextOption => {
    const label = optionLabel(each);
    return { text: plain(each.value === label ? label : `${each.value} (${label})`, 75), value: label };
  });
  const element: MultiStaticSelect = {
    type: 'multi_static_select',
    action_id: actionIds.keptPresets,
    placeholder: plain('None', 150),
    options: choices,
    initial_options: choices,
  };
  return input('keepOptions', version, 'Presets', element, { hint: 'Take one away to remove it.', optional: true, dispatches: false });
}

function durationBlocks(
  { version, notes, filled }: SettingsProps,
  field: 'maxAccess' | 'standingAccess' | 'approvable',
  label: string,
  value: Duration,
  hint: string,
): KnownBlock[] {
  const element = textInput(filled?.texts[field] ?? optionLabel(value));
  return [
    input(field, version, label, element, { hint: `${hint} ${example}`, optional: false, dispatches: true }),
    ...noteBlocks(notes[field]),
  ];
}

const longestTyped = 300;

const textInput = (initial: string | undefined): PlainTextInput => ({
  type: 'plain_text_input',
  action_id: actionIds.typedSetting,
  max_length: longestTyped,
  dispatch_action_config: { trigger_actions_on: ['on_character_entered'] },
  ...(initial === undefined || initial === '' ? {} : { initial_value: cut(initial, longestTyped) }),
});

const approvalWords = { allowOneParty: 'People may approve their own requests', requireReason: 'A reason is required' } as const;

/** In words, for a note. */
export function describeApprovals(approvals: Settings['defaultApprovals']): string {
  const ticked = (['allowOneParty', 'requireReason'] as const).filter((name) => approvals[name]).map((name) => approvalWords[name]);
  return ticked.length === 0 ? 'neither is ticked' : ticked.map((each) => `“${each}”`).join(' and ');
}

function approvalsInput({ allowOneParty, requireReason }: Settings['defaultApprovals'], version: string): InputBlock {
  const oneParty = { text: plain(approvalWords.allowOneParty, 75), value: 'allowOneParty' };
  const reason = { text: plain(approvalWords.requireReason, 75), value: 'requireReason' };
  const initial = [...(allowOneParty ? [oneParty] : []), ...(requireReason ? [reason] : [])];
  return input(
    'defaultApprovals',
    version,
    'While there are no policies',
    {
      type: 'checkboxes',
      action_id: actionIds.defaultApprovals,
      options: [oneParty, reason],
      ...(initial.length === 0 ? {} : { initial_options: initial }),
    },
    { hint: 'As soon as there is a policy, the policies say this.', optional: true, dispatches: false },
  );
}

function input(
  field: SettingsField,
  version: string,
  label: string,
  element: InputBlock['element'],
  { hint, optional, dispatches }: { readonly hint: string; readonly optional: boolean; readonly dispatches: boolean },
): InputBlock {
  return {
    type: 'input',
    block_id: settingsBlock(field, version),
    label: plain(label, 2000),
    hint: plain(hint, 2000),
    optional,
    dispatch_action: dispatches,
    element,
  };
}

function noteBlocks(note: SettingsNote | undefined): KnownBlock[] {
  if (note === undefined) return [];
  if ('problem' in note) return [paragraph(line('🚫 ', words(note.problem)))];
  return [paragraph('stored' in note ? words(`Stored now: ${note.stored}.`) : effectLine(note))];
}

/** What lowering a maximum does to what is live. */
export function effectLine({ count, firstEnd }: Shortening): Line {
  if (count === 0) return words('No live grant is shortened.');
  const which = count === 1 ? '1 live grant' : `${count} live grants`;
  const first = firstEnd === undefined ? [] : line(count === 1 ? '; it will end ' : '; the first will end ', date(firstEnd));
  return line('⚠️ ', bold(which), ' will be shortened', first, '.');
}
