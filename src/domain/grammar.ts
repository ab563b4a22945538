/** The commands as a table: parsing, usage and help texts all read this one. */
export type CommandName = 'request' | 'grant' | 'allow' | 'ls' | 'status' | 'approve' | 'deny' | 'revoke' | 'relinquish' | 'help';
export type FlagKey =
  | 'reason'
  | 'duration'
  | 'to'
  | 'principalType'
  | 'length'
  | 'start'
  | 'end'
  | 'window'
  | 'breakGlass'
  | 'integration'
  | 'like'
  | 'principal'
  | 'all'
  | 'size'
  | 'wait'
  | 'debug'
  | 'help';

export type FlagSpec = {
  readonly key: FlagKey;
  /** All ways to write it; help describes the first. */
  readonly spellings: readonly string[];
  readonly type: 'string' | 'number' | 'boolean';
  readonly about: string;
  readonly required?: true;
  /** Required only where this other one is not given; both together are one too many. */
  readonly instead?: FlagKey;
};
export type WordSpec = { readonly name: string; readonly about: string; readonly required: boolean };
export type CommandSpec = {
  readonly name: CommandName;
  readonly about: string;
  readonly words: readonly WordSpec[];
  readonly flags: readonly FlagSpec[];
};

const flag = (key: FlagKey, spellings: readonly string[], type: FlagSpec['type'], about: string): FlagSpec => ({
  key,
  spellings,
  type,
  about,
});
const required = (spec: FlagSpec): FlagSpec => ({ ...spec, required: true });

/** The published clients and documents have three spellings for one thing. */
const duration = flag(
  'duration',
  ['--duration', '--requested-duration', '--request-duration'],
  'string',
  'How long, as in 2h or "2 hours"',
);
const reason = flag('reason', ['--reason'], 'string', 'Why; in quotes if it has spaces');
const integration = flag('integration', ['--integration'], 'string', 'Which integration, if several offer the service');
const to = required(flag('to', ['--to'], 'string', 'E-mail address of who gets access'));
const window = flag('window', ['--window'], 'string', 'Only in these hours: "Mon-Fri 09:00-17:00 Europe/Paris"');
const standingWindow = { ...window, about: 'Standing access only in these hours: "Mon-Fri 09:00-17:00 Europe/Paris"' };
const breakGlass = flag('breakGlass', ['--break-glass'], 'boolean', 'In an emergency: at once, short, loud, and to be reviewed');
/** The command line client acts on these itself and may still send them. */
const clientFlags = [
  flag('wait', ['-w', '--wait'], 'boolean', 'Wait for the outcome (command line only)'),
  flag('debug', ['--debug'], 'boolean', 'Say more (command line only)'),
];
export const helpFlag = flag('help', ['--help'], 'boolean', 'Show this help');

const rightWords: readonly WordSpec[] = [
  { name: 'service', about: 'What gives the access, as ls shows it', required: true },
  { name: 'access-type', about: 'The kind of access, such as role', required: true },
  { name: 'resource', about: 'What to get access to', required: true },
];
const idWord: WordSpec = { name: 'id', about: 'Id of the request', required: true };

const command = (name: CommandName, about: string, words: readonly WordSpec[], flags: readonly FlagSpec[]): CommandSpec => ({
  name,
  about,
  words,
  flags: [...flags, helpFlag],
});

export const commands: readonly CommandSpec[] = [
  command('request', 'Ask for access', rightWords, [reason, duration, standingWindow, integration, breakGlass, ...clientFlags]),
  command('grant', 'Ask for access for somebody else', rightWords, [
    to,
    flag('principalType', ['--principal-type'], 'string', 'What --to names: user'),
    reason,
    duration,
    standingWindow,
    integration,
    ...clientFlags,
  ]),
  command('allow', 'Approve in advance what somebody may ask for', rightWords, [
    to,
    { ...required(flag('length', ['--length'], 'string', 'How long the window stays open; or name its end')), instead: 'end' },
    flag('start', ['--start'], 'string', 'When it opens, as in 2026-01-31T09:00Z or 1/31/2026 (UTC); default now'),
    flag('end', ['--end'], 'string', 'When it closes, written like --start'),
    window,
    reason,
    duration,
    integration,
    ...clientFlags,
  ]),
  command(
    'ls',
    'List what you may ask for, what you have first',
    rightWords.slice(0, 2).map((word) => ({ ...word, required: false })),
    [
      flag('like', ['--like'], 'string', 'Only what has all of these terms'),
      flag('principal', ['--principal'], 'string', 'For this e-mail address; needs a role or an approver'),
      flag('all', ['--all'], 'boolean', 'For everyone: all there is, marked if anybody has it; needs the same'),
      flag('size', ['--size'], 'number', 'At most so many'),
    ],
  ),
  command('status', 'Show your requests, or one of them', [{ ...idWord, required: false }], []),
  command('approve', 'Approve a request', [idWord], [duration]),
  command('deny', 'Deny a request', [idWord], [reason]),
  command('revoke', 'End access before its time', [idWord], [reason]),
  command('relinquish', 'Give your access back', [idWord], []),
  command('help', 'Show help', [{ name: 'command', about: 'The command to explain', required: false }], []),
];

export const findCommand = (name: string | undefined): CommandSpec | undefined => commands.find((spec) => spec.name === name);
