/** Reads what stands in the settings window. */
import { describeApprovals, type FilledSettings, mostPresets, type SettingsNote } from '../../blocks/settings.ts';
import { type SettingsField, settingsBlock } from '../../blocks/settings-wire.ts';
import { actionIds } from '../../blocks/wire.ts';
import type { DurationSetting, SettingsWish } from '../app/settings.ts';
import { type Duration, optionLabel, parseDurationUnit } from '../domain/duration.ts';
import { quoted } from '../domain/said.ts';
import type { Settings } from '../domain/settings.ts';
import { chosenAll, typed, type Values } from './press.ts';

export type Problems = Partial<Record<SettingsField, string>>;
/** The wish holds only what differs from the settings that were shown. */
export type ReadSettings = { readonly wish: SettingsWish; readonly problems: Problems };

const mostAtOnce = 20;
const durationFields = ['maxAccess', 'standingAccess', 'approvable'] as const satisfies readonly DurationSetting[];
const howToWrite = 'Write it like 90m, 8h or 30 days.';

export function readSettings(values: Values, settings: Settings, version: string): ReadSettings {
  const text = (field: SettingsField): string => (typed(values, settingsBlock(field, version), actionIds.typedSetting) ?? '').trim();
  const problems: Problems = {};
  let wish: SettingsWish = { ...presets(values, settings, version), ...approvals(values, settings, version) };
  for (const field of durationFields) {
    const duration = parseDurationUnit(text(field));
    if (duration === undefined) problems[field] = whyNoDuration(text(field));
    else if (!isSame(duration, settings[field])) wish = { ...wish, [field]: duration };
  }
  const added =
    text('addOptions') === ''
      ? []
      : text('addOptions')
          .split(',')
          .map((each) => each.trim());
  const durations = added.map(parseDurationUnit);
  const wrong = added.find((_, index) => durations[index] === undefined);
  if (wrong !== undefined) problems.addOptions = whyNoDuration(wrong);
  else if (added.length > mostAtOnce) problems.addOptions = `Add at most ${mostAtOnce} at once.`;
  else if (added.length > 0) wish = { ...wish, addOptions: durations.flatMap((each) => each ?? []) };
  return { wish, problems };
}

/** The fields as they stand; where one was left empty it is empty. */
export function filledSettings(values: Values, version: string): FilledSettings {
  const at = (field: SettingsField): string | undefined => {
    const block = settingsBlock(field, version);
    return values[block] === undefined ? undefined : (typed(values, block, actionIds.typedSetting) ?? '');
  };
  const texts = Object.fromEntries([...durationFields, 'addOptions' as const].map((field) => [field, at(field)]));
  return { texts, approvals: tickedApprovals(values, version) };
}

/** What is stored, at the fields in which something else stands. */
export function storedBesides({ texts, approvals }: FilledSettings, settings: Settings): Partial<Record<SettingsField, SettingsNote>> {
  const differing = durationFields.filter((field) => {
    const text = texts[field];
    const duration = parseDurationUnit(text?.trim() ?? '');
    return text !== undefined && (duration === undefined || !isSame(duration, settings[field]));
  });
  const notes = Object.fromEntries(differing.map((field) => [field, { stored: optionLabel(settings[field]) }]));
  const stored = describeApprovals(settings.defaultApprovals);
  return approvals === undefined || describeApprovals(approvals) === stored ? notes : { ...notes, defaultApprovals: { stored } };
}

const whyNoDuration = (text: string): string => (text === '' ? howToWrite : `${quoted(text)} is not a duration. ${howToWrite}`);
const isSame = (a: Duration, b: Duration): boolean => a.time === b.time && a.unit === b.unit;

/** Presets that were shown and are not chosen any more. A form without the field removes none. */
function presets(values: Values, { expiryOptions }: Settings, version: string): SettingsWish {
  const kept = chosenAll(values, settingsBlock('keepOptions', version), actionIds.keptPresets);
  if (kept === undefined) return {};
  const removeOptions = expiryOptions
    .slice(0, mostPresets)
    .map(optionLabel)
    .filter((label) => !kept.includes(label));
  return removeOptions.length === 0 ? {} : { removeOptions };
}

function approvals(values: Values, { defaultApprovals: before }: Settings, version: string): SettingsWish {
  const after = tickedApprovals(values, version);
  if (after === undefined) return {};
  const isUnchanged = after.allowOneParty === before.allowOneParty && after.requireReason === before.requireReason;
  return isUnchanged ? {} : { defaultApprovals: after };
}

/** Undefined in a form without the boxes. */
function tickedApprovals(values: Values, version: string): Settings['defaultApprovals'] | undefined {
  const ticked = chosenAll(values, settingsBlock('defaultApprovals', version), actionIds.defaultApprovals);
  return ticked && { allowOneParty: ticked.includes('allowOneParty'), requireReason: ticked.includes('requireReason') };
}
