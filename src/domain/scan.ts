/** argv → words and flags of one command, by its grammar. Nothing is interpreted yet. */
import { type CommandSpec, type FlagKey, type FlagSpec, findCommand } from './grammar.ts';
import { helpText } from './help.ts';
import { type Rejection, type Result, accept, reject } from './result.ts';
import { isPrintable, quoted } from './said.ts';

const mostWords = 100;
const longestWord = 4000;

export type Scanned = { readonly words: readonly string[]; readonly flags: ReadonlyMap<FlagKey, string> };

/** `command` is empty where none was recognised; `usage` is then the list of commands. */
export function usage(spec: CommandSpec | undefined, program: string, problem: string): { ok: false; rejection: Rejection } {
  return reject({ code: 'usage', command: spec?.name ?? '', usage: helpText(spec?.name, program), problem });
}

/** Bounds on anything that is looked at further. */
export function checkSize(argv: readonly string[], program: string): Result<readonly string[]> {
  const spec = findCommand(argv[0]);
  if (argv.length > mostWords) return usage(spec, program, `A command has at most ${mostWords} words.`);
  if (argv.some((word) => word.length > longestWord)) return usage(spec, program, `A word has at most ${longestWord} characters.`);
  return accept(argv);
}

type Step =
  | { readonly problem: string }
  | { readonly word: string }
  | { readonly flag: FlagSpec; readonly value: string; readonly taken: number };

/**
 * Flags stand anywhere, as `--flag value` or `--flag=value`. In the first form a value cannot begin with `--`: far
 * more often than it is meant, the value was forgotten.
 */
export function scan(spec: CommandSpec, args: readonly string[], program: string): Result<Scanned> {
  const words: string[] = [];
  const flags = new Map<FlagKey, string>();
  for (let at = 0; at < args.length; ) {
    const step = read(spec, args[at] ?? '', args[at + 1]);
    if ('problem' in step) return usage(spec, program, step.problem);
    if ('word' in step) {
      words.push(step.word);
      at += 1;
      continue;
    }
    const { flag, value, taken } = step;
    if (flags.has(flag.key) && flag.key !== 'wait' && flag.key !== 'debug')
      return usage(spec, program, `${flag.spellings[0]} is given more than once.`);
    flags.set(flag.key, value);
    at += taken;
  }
  const extra = words[spec.words.length];
  if (extra !== undefined)
    return usage(spec, program, `There are too many words, from ${quoted(extra)} on. Put text with spaces in quotes.`);
  return accept({ words, flags });
}

function read(spec: CommandSpec, argument: string, next: string | undefined): Step {
  if (!argument.startsWith('-') || argument === '-') return argumentProblem('A word', argument) ?? { word: argument };
  const equals = argument.indexOf('=');
  const name = equals < 0 ? argument : argument.slice(0, equals);
  const flag = spec.flags.find((each) => each.spellings.includes(name));
  if (flag === undefined) return { problem: `${quoted(name)} is not an option of ${spec.name}.` };
  if (flag.type === 'boolean') return equals < 0 ? { flag, value: '', taken: 1 } : { problem: `${name} takes no value.` };
  const value = equals < 0 ? next : argument.slice(equals + 1);
  if (value === undefined || (equals < 0 && value.startsWith('--'))) return { problem: `${name} needs a value.` };
  const problem = flag.key === 'reason' ? undefined : argumentProblem(`The value of ${name}`, value);
  return problem ?? { flag, value, taken: equals < 0 ? 2 : 1 };
}

function argumentProblem(what: string, text: string): { readonly problem: string } | undefined {
  if (text.trim() === '') return { problem: `${what} is empty.` };
  return isPrintable(text) ? undefined : { problem: `${what} has characters that cannot be printed: ${quoted(text)}.` };
}
