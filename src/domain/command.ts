import { type Arguments, missingParts, readArguments } from './arguments.ts';
import type { DurationSeconds } from './duration.ts';
import { type CommandName, findCommand } from './grammar.ts';
import { helpText } from './help.ts';
import { type Result, accept } from './result.ts';
import { quoted } from './said.ts';
import { checkSize, usage } from './scan.ts';

/** What to be granted, as typed: not yet looked up in any integration. */
export type AskedRight = {
  readonly service: string;
  readonly accessType: string;
  readonly resource: string;
  /** `--integration NAME`, needed only where several integrations offer the service. */
  readonly integration: string | undefined;
};

/** What a person or program wants, whether it came as Slack text or as `argv` over HTTP. */
export type Command =
  /** `duration` undefined: the smallest preset. */
  | {
      readonly kind: 'request';
      readonly right: AskedRight;
      readonly reason: string | undefined;
      readonly duration: DurationSeconds | undefined;
      readonly window?: string | undefined;
      /** At once, without an approver, where a policy lets them. */
      readonly breakGlass?: true;
    }
  | {
      readonly kind: 'grant';
      readonly right: AskedRight;
      readonly reason: string | undefined;
      readonly duration: DurationSeconds | undefined;
      readonly to: string;
      readonly window?: string | undefined;
    }
  | {
      readonly kind: 'allow';
      readonly right: AskedRight;
      readonly reason: string | undefined;
      readonly duration: DurationSeconds | undefined;
      readonly to: string;
      /** Undefined where `end` is given, and only there. */
      readonly length: DurationSeconds | undefined;
      readonly start: string | undefined;
      readonly end: string | undefined;
      readonly window?: string | undefined;
    }
  | {
      readonly kind: 'ls';
      readonly service: string | undefined;
      readonly accessType: string | undefined;
      readonly like: string | undefined;
      readonly size: number | undefined;
      readonly principal: string | undefined;
      readonly all: boolean;
    }
  | { readonly kind: 'status'; readonly id: string | undefined }
  | { readonly kind: 'approve'; readonly id: string; readonly duration: DurationSeconds | undefined }
  | { readonly kind: 'deny'; readonly id: string; readonly reason: string | undefined }
  | { readonly kind: 'revoke'; readonly id: string; readonly reason: string | undefined }
  | { readonly kind: 'relinquish'; readonly id: string }
  /** `text` is the finished help. */
  | { readonly kind: 'help'; readonly text: string };
/**
 * The one grammar for Slack text (after `splitWords`) and for `argv` over HTTP. `program` is what the caller types
 * before the command; it appears in help and usage texts only.
 * Refuses with `usage`, `invalid-duration` or `reason-too-long`; never throws.
 */
export function parseCommand(argv: readonly string[], program: string): Result<Command> {
  const sized = checkSize(argv, program);
  if (!sized.ok) return sized;
  const [name, ...args] = argv;
  const help = (about: string | undefined): Result<Command> => accept({ kind: 'help', text: helpText(about, program) });
  if (name === undefined || name === '--help') return help(undefined);
  const spec = findCommand(name);
  if (spec === undefined) return usage(undefined, program, `${quoted(name)} is not a command.`);
  if (args.includes('--help')) return help(name);
  const read = readArguments(spec, args, program);
  if (!read.ok) return read;
  if (spec.name === 'help') return helpAbout(read.value.words[0], program);
  const command = build(spec.name, read.value);
  return command === undefined ? usage(spec, program, `Missing: ${missingParts(spec, read.value).join(', ')}.`) : accept(command);
}

function helpAbout(topic: string | undefined, program: string): Result<Command> {
  const isUnknown = topic !== undefined && findCommand(topic) === undefined;
  return isUnknown
    ? usage(undefined, program, `${quoted(topic)} is not a command.`)
    : accept({ kind: 'help', text: helpText(topic, program) });
}

/** Undefined where something required is missing. */
function build(name: Exclude<CommandName, 'help'>, args: Arguments): Command | undefined {
  const { words, flags, reason, duration, length, size } = args;
  const right = rightOf(args);
  const [to, id] = [flags.get('to'), words[0]];
  switch (name) {
    case 'request':
      return (
        right && {
          kind: name,
          right,
          reason,
          duration,
          window: flags.get('window'),
          ...(flags.has('breakGlass') ? { breakGlass: true } : {}),
        }
      );
    case 'grant':
      return right && to !== undefined ? { kind: name, right, reason, duration, to, window: flags.get('window') } : undefined;
    case 'allow':
      return right && to !== undefined && (length !== undefined || flags.has('end'))
        ? { kind: name, right, reason, duration, to, length, start: flags.get('start'), end: flags.get('end'), window: flags.get('window') }
        : undefined;
    case 'ls': {
      const [service, accessType] = words;
      return { kind: name, service, accessType, like: flags.get('like'), size, principal: flags.get('principal'), all: flags.has('all') };
    }
    case 'status':
      return { kind: name, id };
    case 'approve':
      return id === undefined ? undefined : { kind: name, id, duration };
    case 'deny':
    case 'revoke':
      return id === undefined ? undefined : { kind: name, id, reason };
    case 'relinquish':
      return id === undefined ? undefined : { kind: name, id };
  }
}

function rightOf({ words, flags }: Arguments): AskedRight | undefined {
  const [service, accessType, resource] = words;
  if (service === undefined || accessType === undefined || resource === undefined) return undefined;
  return { service, accessType, resource, integration: flags.get('integration') };
}
