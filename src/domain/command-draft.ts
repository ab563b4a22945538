/** Requests that are not complete, for doors that can open a form. */
import { type Arguments, missingParts, readArguments } from './arguments.ts';
import type { DurationSeconds } from './duration.ts';
import { findCommand } from './grammar.ts';
import { checkSize } from './scan.ts';

/** What could be read of an incomplete `request`, `grant` or `allow`, to fill a form with. */
export type CommandDraft = {
  readonly service: string | undefined;
  readonly accessType: string | undefined;
  readonly resource: string | undefined;
  readonly integration: string | undefined;
  readonly reason: string | undefined;
  readonly duration: DurationSeconds | undefined;
  readonly to: string | undefined;
  /** Of the window that an `allow` opens. */
  readonly length: DurationSeconds | undefined;
  readonly start: string | undefined;
  readonly end: string | undefined;
  /** Hours that come again; see `recurring-window.ts`. */
  readonly window?: string | undefined;
  readonly breakGlass?: true | undefined;
};

/**
 * Is this a `request`, `grant` or `allow` in which everything given is right and only something is missing?
 * Anything wrong in it, or `--help`, makes this false, so that the person is told instead.
 */
export const isIncompleteRequest = (argv: readonly string[]): boolean => readIncomplete(argv) !== undefined;

/** Reads what {@link isIncompleteRequest} accepts; of anything else nothing. */
export function readDraft(argv: readonly string[]): CommandDraft {
  const read = readIncomplete(argv);
  const [service, accessType, resource] = read?.words ?? [];
  const { reason, duration, length, flags } = read ?? {};
  return {
    service,
    accessType,
    resource,
    integration: flags?.get('integration'),
    reason,
    duration,
    to: flags?.get('to'),
    length,
    start: flags?.get('start'),
    end: flags?.get('end'),
    window: flags?.get('window'),
    breakGlass: flags?.has('breakGlass') === true ? true : undefined,
  };
}

function readIncomplete(argv: readonly string[]): Arguments | undefined {
  const [name, ...args] = argv;
  const spec = findCommand(name);
  const hasForm = spec?.name === 'request' || spec?.name === 'grant' || spec?.name === 'allow';
  if (!hasForm || args.includes('--help') || !checkSize(argv, '').ok) return undefined;
  const read = readArguments(spec, args, '');
  return read.ok && missingParts(spec, read.value).length > 0 ? read.value : undefined;
}
