import { type CommandSpec, type FlagSpec, commands, findCommand, helpFlag } from './grammar.ts';
import { clip } from './said.ts';

type Row = readonly [left: string, about: string, type: string];

/** The layout of the published clients: what it is, what goes in, and types in brackets along the right edge. */
function table(title: string, rows: readonly Row[]): string {
  const left = Math.max(...rows.map((row) => row[0].length));
  const about = Math.max(...rows.map((row) => row[1].length));
  const type = Math.max(...rows.map((row) => row[2].length));
  const lines = rows.map((row) => `  ${row[0].padEnd(left)}  ${row[1].padEnd(about)}  ${row[2].padStart(type)}`.trimEnd());
  return [title, ...lines].join('\n');
}

function flagRows(flag: FlagSpec): Row[] {
  const type = `[${flag.type}]${flag.required === true && flag.instead === undefined ? ' [required]' : ''}`;
  const isShort = (spelling: string): boolean => !spelling.startsWith('--');
  const [first = '', ...others] = flag.spellings.filter((spelling) => !isShort(spelling));
  const short = flag.spellings.find(isShort);
  const indent = (spelling: string): string => `    ${spelling}`;
  return [
    [short === undefined ? indent(first) : `${short}, ${first}`, flag.about, type],
    ...others.map((other): Row => [indent(other), `Same as ${first}`, `[${flag.type}]`]),
  ];
}

function usageOf(spec: CommandSpec, flag: FlagSpec): string {
  const written = [flag, ...spec.flags.filter((other) => other.key === flag.instead)].map((each) => `${each.spellings[0]} …`);
  return written.length > 1 ? `(${written.join(' | ')})` : written.join('');
}

const options = (flags: readonly FlagSpec[]): string => table('Options:', flags.flatMap(flagRows));

function commandHelp(spec: CommandSpec, program: string): string {
  const words = spec.words.map((word) => (word.required ? ` <${word.name}>` : ` [${word.name}]`)).join('');
  const required = spec.flags.filter((flag) => flag.required === true).map((flag) => ` ${usageOf(spec, flag)}`);
  const rows = spec.words.map((word): Row => [word.name, word.about, `[string]${word.required ? ' [required]' : ''}`]);
  return [
    `${program} ${spec.name}${words}${required.join('')}`,
    spec.about,
    ...(rows.length === 0 ? [] : [table('Arguments:', rows)]),
    options(spec.flags),
  ].join('\n\n');
}

/**
 * Plain text for a fixed-width font. `program` is what the caller types before the command.
 * @param command the help of this command, where it is one; else the list of all commands.
 */
export function helpText(command: string | undefined, program: string): string {
  const shown = clip(program);
  const spec = findCommand(command);
  if (spec !== undefined) return commandHelp(spec, shown);
  const rows = commands.map((each): Row => [`${shown} ${each.name}`, each.about, '']);
  return [
    `${shown} <command>`,
    'Access for a while: ask for it, decide on it, give it back',
    table('Commands:', rows),
    options([helpFlag]),
  ].join('\n\n');
}
