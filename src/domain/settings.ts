import { type Duration, type DurationSeconds, optionLabel, toSeconds } from './duration.ts';
import type { Rejection } from './result.ts';

/** A preset that approvers choose from; `value` is its label, which the key in DELETE names (`contract.md` §5.1). */
export type ExpiryOption = Duration & { readonly value: string };

export type Settings = {
  readonly expiryOptions: readonly ExpiryOption[];
  readonly maxAccess: Duration;
  readonly standingAccess: Duration;
  readonly approvable: Duration;
  readonly defaultApprovals: { readonly allowOneParty: boolean; readonly requireReason: boolean };
};

/** P0's own. Some labels do not follow {@link optionLabel}, which is why labels are stored. */
export const defaultSettings: Settings = {
  expiryOptions: [
    { time: 5, unit: 'm', value: '5 minutes' },
    { time: 1, unit: 'h', value: '1 hour' },
    { time: 24, unit: 'h', value: '1 day' },
    { time: 168, unit: 'h', value: '1 week' },
    { time: 720, unit: 'h', value: '30 days' },
  ],
  maxAccess: { time: 180, unit: 'd' },
  standingAccess: { time: 24, unit: 'h' },
  approvable: { time: 14, unit: 'd' },
  defaultApprovals: { allowOneParty: false, requireReason: false },
};

/**
 * What the dropdowns offer: the presets that are not over the maximum, ascending, each once; the maximum itself where
 * none is left. Any other whole number of seconds up to the maximum may be asked for as well.
 */
export function allowedDurations(settings: Settings): DurationSeconds[] {
  const maximum = toSeconds(settings.maxAccess);
  const presets = new Set(settings.expiryOptions.map(toSeconds).filter((seconds) => seconds <= maximum));
  return presets.size === 0 ? [maximum] : [...presets].toSorted((a, b) => a - b);
}

/** What refuses a length for being over the maximum. */
export function whyTooLong(asked: DurationSeconds, { maxAccess }: Pick<Settings, 'maxAccess'>): Rejection | undefined {
  const maximum = toSeconds(maxAccess);
  return asked > maximum ? { code: 'over-maximum', asked, maximum } : undefined;
}

/** What a request without a duration asks for. */
export const smallestAllowed = (settings: Settings): DurationSeconds => allowedDurations(settings)[0] ?? toSeconds(settings.maxAccess);

/** Adding an option that is there already changes nothing, its label included: Terraform's first apply adds the defaults again. */
export function addExpiryOption(settings: Settings, { time, unit }: Duration): Settings {
  if (settings.expiryOptions.some((option) => option.time === time && option.unit === unit)) return settings;
  return { ...settings, expiryOptions: [...settings.expiryOptions, { time, unit, value: optionLabel({ time, unit }) }] };
}

/**
 * Removes at most one option: the one with this stored label, else the one whose formula gives it. Terraform deletes
 * the default `{24,h,"1 day"}` as "24 hours". Where `{1,d}` was added beside it both are stored as "1 day"; then the
 * key means the one that it would mean by formula too. An unknown key changes nothing.
 */
export function removeExpiryOption(settings: Settings, key: string): Settings {
  const options = settings.expiryOptions;
  const stored = options.filter((option) => option.value === key);
  const gone = stored.find((option) => optionLabel(option) === key) ?? stored[0] ?? options.find((option) => optionLabel(option) === key);
  return gone === undefined ? settings : { ...settings, expiryOptions: options.filter((option) => option !== gone) };
}

export const resetExpiryOptions = (settings: Settings): Settings => ({ ...settings, expiryOptions: defaultSettings.expiryOptions });
