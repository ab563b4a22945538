/** The words and flags of one command with their values understood; what is missing shows later, in the command. */
import { type DurationSeconds, parseDuration } from './duration.ts';
import type { CommandSpec, FlagKey } from './grammar.ts';
import { parseReason } from './reason.ts';
import { parseRecurringWindow } from './recurring-window.ts';
import { type Result, accept, reject } from './result.ts';
import { clip, quoted } from './said.ts';
import { type Scanned, scan, usage } from './scan.ts';
import { isStartTime, startTimeShape } from './start-time.ts';

export type Arguments = Scanned & {
  readonly reason: string | undefined;
  readonly duration: DurationSeconds | undefined;
  readonly length: DurationSeconds | undefined;
  readonly size: number | undefined;
};

const sizeShape = /^[1-9][0-9]{0,5}$/;

export function readArguments(spec: CommandSpec, args: readonly string[], program: string): Result<Arguments> {
  const scanned = scan(spec, args, program);
  if (!scanned.ok) return scanned;
  const { words, flags } = scanned.value;
  const problem = pairProblem(flags) ?? valueProblem(flags);
  if (problem !== undefined) return usage(spec, program, problem);
  const reason = parseReason(flags.get('reason') ?? '');
  if (!reason.ok) return reason;
  const duration = readDuration(flags.get('duration'));
  if (!duration.ok) return duration;
  const length = readDuration(flags.get('length'));
  if (!length.ok) return length;
  const size = flags.get('size');
  return accept({
    words,
    flags,
    reason: reason.value,
    duration: duration.value,
    length: length.value,
    size: size === undefined ? undefined : Number(size),
  });
}

function pairProblem(flags: ReadonlyMap<FlagKey, string>): string | undefined {
  if (flags.has('length') && flags.has('end')) return 'Give --length or --end, not both.';
  if (flags.has('all') && flags.has('principal')) return 'Give --all or --principal, not both.';
  if (flags.has('breakGlass') && flags.has('window')) return 'Give --break-glass or --window, not both.';
  return undefined;
}

function valueProblem(flags: ReadonlyMap<FlagKey, string>): string | undefined {
  const [size, principalType] = [flags.get('size'), flags.get('principalType')];
  if (size !== undefined && !sizeShape.test(size)) return `--size is a whole number from 1 to 999999, not ${quoted(size)}.`;
  for (const key of ['start', 'end'] as const) {
    const time = flags.get(key);
    if (time !== undefined && !isStartTime(time)) return `--${key} is ${startTimeShape}, not ${quoted(time)}.`;
  }
  const window = windowProblem(flags.get('window'));
  if (window !== undefined) return window;
  if (principalType !== undefined && principalType !== 'user') return `--principal-type can only be user, not ${quoted(principalType)}.`;
  return undefined;
}

function windowProblem(text: string | undefined): string | undefined {
  const window = text === undefined ? undefined : parseRecurringWindow(text);
  return window?.ok === false && window.rejection.code === 'invalid-value' ? `--window: ${window.rejection.why}` : undefined;
}

function readDuration(text: string | undefined): Result<DurationSeconds | undefined> {
  if (text === undefined) return accept(undefined);
  const duration = parseDuration(text);
  return duration === undefined ? reject({ code: 'invalid-duration', given: clip(text) }) : accept(duration);
}

/** What the command needs and was not given, in its order of appearance. */
export function missingParts(spec: CommandSpec, { words, flags }: Scanned): readonly string[] {
  return [
    ...spec.words
      .slice(words.length)
      .filter((word) => word.required)
      .map((word) => `<${word.name}>`),
    ...spec.flags
      .filter((flag) => flag.required === true && !flags.has(flag.key) && !(flag.instead !== undefined && flags.has(flag.instead)))
      .map((flag) => [flag, ...spec.flags.filter((other) => other.key === flag.instead)].map(({ spellings }) => spellings[0]).join(' or ')),
  ];
}
