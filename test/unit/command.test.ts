import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIncompleteRequest, readDraft } from '../../src/domain/command-draft.ts';
import { type Command, parseCommand } from '../../src/domain/command.ts';
import { commands } from '../../src/domain/grammar.ts';
import { parseReason } from '../../src/domain/reason.ts';
import type { Rejection } from '../../src/domain/result.ts';
import { clip } from '../../src/domain/said.ts';

/** Any UTF-16 at all, halves of characters included. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const parsed = (argv: readonly string[]): Command => {
  const result = parseCommand(argv, 'p0');
  if (!result.ok) throw new Error(JSON.stringify(result.rejection));
  return result.value;
};
const refused = (argv: readonly string[]): Rejection => {
  const result = parseCommand(argv, 'p0');
  if (result.ok) throw new Error(`accepted: ${JSON.stringify(result.value)}`);
  return result.rejection;
};
const problem = (argv: readonly string[]): string => {
  const rejection = refused(argv);
  return rejection.code === 'usage' ? rejection.problem : rejection.code;
};
const helpOf = (argv: readonly string[]): string => {
  const command = parsed(argv);
  return command.kind === 'help' ? command.text : `not help: ${command.kind}`;
};

const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
const asked = ['request', 'pg', 'role', 'readonly'];

describe('request', () => {
  it('needs nothing but the right', () => {
    expect(parsed(asked)).toEqual({ kind: 'request', right, reason: undefined, duration: undefined });
  });
  it.each(['--duration', '--requested-duration', '--request-duration'])('takes %s', (flag) => {
    expect(parsed([...asked, flag, '2 hours'])).toMatchObject({ duration: 7200 });
    expect(parsed([...asked, `${flag}=90m`])).toMatchObject({ duration: 5400 });
  });
  it('takes flags anywhere', () => {
    expect(parsed(['request', '--reason', 'look at orders', 'pg', '--integration=sample', 'role', 'readonly', '--duration', '1m'])).toEqual(
      {
        kind: 'request',
        right: { ...right, integration: 'sample' },
        reason: 'look at orders',
        duration: 60,
      },
    );
  });
  it('keeps an equals sign in a value', () => {
    expect(parsed([...asked, '--reason=a=b --c'])).toMatchObject({ reason: 'a=b --c' });
  });
  it('ignores what the command line client does itself', () => {
    for (const text of ['request', 'grant --to b@example.com', 'allow --to b@example.com --length 1d'])
      expect(parsed([...words(text), 'pg', '-w', 'role', '--wait', '--debug', 'readonly', '-w'])).toMatchObject({ right });
  });
});

describe('the other commands', () => {
  it.each<[string, Command]>([
    [
      'grant pg role readonly --to bob@example.com --principal-type user',
      { kind: 'grant', right, reason: undefined, duration: undefined, to: 'bob@example.com' },
    ],
    [
      'allow pg role readonly --to bob@example.com --length 5d --start 2026-01-31T09:00Z --request-duration 1h',
      {
        kind: 'allow',
        right,
        reason: undefined,
        duration: parsedDuration(3600),
        to: 'bob@example.com',
        length: parsedDuration(432_000),
        start: '2026-01-31T09:00Z',
        end: undefined,
      },
    ],
    [
      'allow pg role readonly --to bob@example.com --start 1/31/2026 --end 2/5/2026',
      {
        kind: 'allow',
        right,
        reason: undefined,
        duration: undefined,
        to: 'bob@example.com',
        length: undefined,
        start: '1/31/2026',
        end: '2/5/2026',
      },
    ],
    [
      'request pg role readonly --window=daily\u00a009:00-17:00\u00a0UTC',
      { kind: 'request', right, reason: undefined, duration: undefined, window: 'daily\u00a009:00-17:00\u00a0UTC' },
    ],
    ['ls', { kind: 'ls', service: undefined, accessType: undefined, like: undefined, size: undefined, principal: undefined, all: false }],
    [
      'ls demo role --size 30',
      { kind: 'ls', service: 'demo', accessType: 'role', like: undefined, size: 30, principal: undefined, all: false },
    ],
    [
      'ls demo --all --like big',
      { kind: 'ls', service: 'demo', accessType: undefined, like: 'big', size: undefined, principal: undefined, all: true },
    ],
    [
      'ls demo --principal b@example.com',
      { kind: 'ls', service: 'demo', accessType: undefined, like: undefined, size: undefined, principal: 'b@example.com', all: false },
    ],
    ['status', { kind: 'status', id: undefined }],
    ['status 1', { kind: 'status', id: '1' }],
    ['approve 1', { kind: 'approve', id: '1', duration: undefined }],
    ['approve 1 --duration 1h', { kind: 'approve', id: '1', duration: parsedDuration(3600) }],
    ['deny 1 --reason no', { kind: 'deny', id: '1', reason: 'no' }],
    ['revoke 1', { kind: 'revoke', id: '1', reason: undefined }],
    ['relinquish 1', { kind: 'relinquish', id: '1' }],
  ])('%s', (text, command) => {
    expect(parsed(words(text))).toEqual(command);
  });
});

/** What the parser makes of so many seconds. */
function parsedDuration(seconds: number) {
  const command = parsed(['approve', '1', '--duration', `${seconds}s`]);
  return command.kind === 'approve' && command.duration !== undefined ? command.duration : never();
}
function never(): never {
  throw new Error('no duration');
}

describe('usage', () => {
  it.each([
    ['bogus', '"bogus" is not a command.'],
    ['Request', '"Request" is not a command.'],
    ['__proto__', '"__proto__" is not a command.'],
    ['help bogus', '"bogus" is not a command.'],
    ['request', 'Missing: <service>, <access-type>, <resource>.'],
    ['request pg role', 'Missing: <resource>.'],
    ['grant pg role', 'Missing: <resource>, --to.'],
    ['allow pg role readonly', 'Missing: --to, --length or --end.'],
    ['allow pg role a --to b --length 1d --end 2026-01-31', 'Give --length or --end, not both.'],
    ['allow pg role a --to b --end soon', '--end is a date or time like 2026-01-31, 2026-01-31T09:00Z or 1/31/2026, not "soon".'],
    ['ls pg --all --principal b@example.com', 'Give --all or --principal, not both.'],
    ['approve', 'Missing: <id>.'],
    ['relinquish', 'Missing: <id>.'],
    ['request pg role a b c', 'There are too many words, from "b" on. Put text with spaces in quotes.'],
    ['status 1 2', 'There are too many words, from "2" on. Put text with spaces in quotes.'],
    ['request pg --bogus', '"--bogus" is not an option of request.'],
    ['request pg --bogus=1', '"--bogus" is not an option of request.'],
    ['request pg role a --to b@example.com', '"--to" is not an option of request.'],
    ['request pg role a -x', '"-x" is not an option of request.'],
    ['request pg role a --', '"--" is not an option of request.'],
    ['request pg role a --constructor', '"--constructor" is not an option of request.'],
    ['ls --json', '"--json" is not an option of ls.'],
    ['ls -w', '"-w" is not an option of ls.'],
    ['relinquish 1 --reason x', '"--reason" is not an option of relinquish.'],
    ['request pg role a --reason', '--reason needs a value.'],
    ['request pg role a --reason --duration 1h', '--reason needs a value.'],
    ['request pg role a --duration 1h --request-duration 2h', '--duration is given more than once.'],
    ['request pg role a --reason x --reason=y', '--reason is given more than once.'],
    ['request pg role a --wait=true', '--wait takes no value.'],
    [
      'request pg role a --window Mon-Fri',
      '--window: Write days, hours and a time zone, like Mon-Fri 09:00-17:00 Europe/Paris; days are joined by - or a comma, without spaces.',
    ],
    ['ls --all=1', '--all takes no value.'],
    ['ls --size 0', '--size is a whole number from 1 to 999999, not "0".'],
    ['ls --size 1e3', '--size is a whole number from 1 to 999999, not "1e3".'],
    ['request pg role a --integration=', 'The value of --integration is empty.'],
    ['grant pg role a --to b@example.com --principal-type group', '--principal-type can only be user, not "group".'],
    [
      'allow pg role a --to b --length 1d --start 31/01/2026',
      '--start is a date or time like 2026-01-31, 2026-01-31T09:00Z or 1/31/2026, not "31/01/2026".',
    ],
  ])('%s: %s', (text, expected) => {
    expect(problem(words(text))).toBe(expected);
  });

  it('comes with the help of the command', () => {
    expect(refused(['request', 'pg'])).toMatchObject({ code: 'usage', command: 'request', usage: helpOf(['request', '--help']) });
    expect(refused(['bogus'])).toMatchObject({ code: 'usage', command: '', usage: helpOf([]) });
  });

  it('says what is wrong with empty and unprintable words', () => {
    expect(problem(['request', '', 'role', 'a'])).toBe('A word is empty.');
    expect(problem(['request', 'pg', 'role', 'a\u0000b'])).toBe('A word has characters that cannot be printed: "a\ufffdb".');
    expect(problem(['request', 'pg', 'role', 'a\u202eb'])).toContain('cannot be printed');
    expect(problem(['request', 'pg', 'role', '\ud800'])).toContain('cannot be printed');
    expect(problem(['grant', 'pg', 'role', 'a', '--to', 'b\n@example.com'])).toBe(
      'The value of --to has characters that cannot be printed: "b\ufffd@example.com".',
    );
    expect(problem(['request', 'pg', 'role', 'a', '--\u0007'])).toBe('"--\ufffd" is not an option of request.');
  });

  it('has limits', () => {
    expect(problem(['request', ...Array<string>(100).fill('a')])).toBe('A command has at most 100 words.');
    expect(problem([...asked, '--reason', 'a'.repeat(4001)])).toBe('A word has at most 4000 characters.');
    expect(problem([...asked, 'x'.repeat(4000)]).length).toBeLessThan(220);
  });

  it('names a bad duration', () => {
    expect(refused([...asked, '--duration', 'banana'])).toEqual({ code: 'invalid-duration', given: 'banana' });
    expect(refused(['allow', 'pg', 'role', 'a', '--to', 'b', '--length', '0d'])).toEqual({ code: 'invalid-duration', given: '0d' });
    expect(refused([...asked, '--duration', 'x'.repeat(500)])).toEqual({ code: 'invalid-duration', given: `${'x'.repeat(99)}…` });
  });

  it.each([
    '2026-01-31',
    '2024-02-29',
    '2026-01-31T09:00',
    '2026-01-31T23:59:59.123+02:00',
    '2026-12-31T00:00:00Z',
    '1/31/2026',
    '02/09/2026',
  ])('takes the start %s', (start) => {
    expect(parsed(['allow', 'pg', 'role', 'a', '--to', 'b', '--length', '1d', '--start', start])).toMatchObject({ start });
  });
  it.each([
    '',
    'now',
    '2026-1-1',
    '2026-02-29',
    '2026-00-10',
    '2026-13-01',
    '2026-04-31',
    '2026-01-00',
    '2026-01-31T24:00',
    '2026-01-31 09:00',
    '2026-01-31T09:00+15:00',
    '0000-01-01',
    '2026-01-31T09:00Z ',
    '٢026-01-31',
    '2/29/2026',
    '13/1/2026',
    '1/31/26',
    '1-31-2026',
    '001/31/2026',
    '1/31/2026T09:00Z',
  ])('refuses the start %j', (start) => {
    expect(problem(['allow', 'pg', 'role', 'a', '--to', 'b', '--length', '1d', `--start=${start}`])).toContain('--start');
  });
});

describe('reasons', () => {
  it('keep lines and letters, and lose what cannot be seen', () => {
    expect(parseReason('  a\r\nb\tc\u0000\u202e\ud83d\ude00 ')).toEqual({ ok: true, value: 'a\nb\tc\ud83d\ude00' });
    expect(parseReason('\ud800x')).toEqual({ ok: true, value: '\ufffdx' });
  });
  it('that say nothing are none', () => {
    expect(parsed([...asked, '--reason', ' \u0000 '])).toMatchObject({ reason: undefined });
    expect(parsed([...asked, '--reason='])).toMatchObject({ reason: undefined });
  });
  it('have a thousand characters at most', () => {
    expect(parsed([...asked, '--reason', '😀'.repeat(1000)])).toMatchObject({ kind: 'request' });
    expect(refused([...asked, '--reason', 'a'.repeat(1001)])).toEqual({ code: 'reason-too-long', maximum: 1000 });
  });
  it('fit into Postgres and JSON whatever they were', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = parseReason(text);
        if (!result.ok || result.value === undefined) return;
        expect(result.value.isWellFormed() && !result.value.includes('\u0000') && result.value.trim() === result.value).toBe(true);
        expect(parseReason(result.value)).toEqual(result);
      }),
    );
  });
});

describe('help', () => {
  it('is the answer to nothing, and to --help anywhere', () => {
    expect(helpOf([])).toBe(helpOf(['help']));
    expect(helpOf(['--help'])).toBe(helpOf([]));
    expect(helpOf(['request', 'pg', '--help', '--bogus'])).toBe(helpOf(['help', 'request']));
    expect(helpOf(['ls', '--size', '--help'])).toBe(helpOf(['help', 'ls']));
  });
  it('lists every command', () => {
    for (const { name, about } of commands) expect(helpOf([])).toMatch(new RegExp(`^  p0 ${name} +${about}$`, 'm'));
  });
  it('shows words, options and types in the layout of the published client', () => {
    const lines = helpOf(['request', '--help']).split('\n');
    expect(lines.slice(0, 3)).toEqual(['p0 request <service> <access-type> <resource>', '', 'Ask for access']);
    expect(lines).toContain('Arguments:');
    expect(lines).toContain('Options:');
    const options = lines.slice(lines.indexOf('Options:') + 1);
    expect(new Set(options.map((line) => line.length)).size).toBe(1);
    expect(options.every((line) => /\[(string|boolean)\]$/.test(line))).toBe(true);
    for (const flag of ['--help', '--reason', '-w, --wait', '--duration'])
      expect(options.some((line) => line.trim().startsWith(flag))).toBe(true);
  });
  it('cannot be made long or odd by the name of the program', () => {
    const result = parseCommand([], `p\u0000${'x'.repeat(5000)}`);
    expect(result.ok && result.value.kind === 'help' && result.value.text.length < 2500 && !result.value.text.includes('\u0000')).toBe(
      true,
    );
  });
});

describe('incomplete requests', () => {
  const empty = {
    service: undefined,
    accessType: undefined,
    resource: undefined,
    integration: undefined,
    reason: undefined,
    duration: undefined,
    to: undefined,
    length: undefined,
    start: undefined,
    end: undefined,
  };
  it.each<[string, object]>([
    ['request', {}],
    ['request pg', { service: 'pg' }],
    ['request pg role --reason x --duration 1h', { service: 'pg', accessType: 'role', reason: 'x', duration: 3600 }],
    ['request --integration sample -w', { integration: 'sample' }],
    ['grant pg role readonly', { service: 'pg', accessType: 'role', resource: 'readonly' }],
    ['grant --to bob@example.com', { to: 'bob@example.com' }],
    ['allow', {}],
    ['request --window=daily\u00a009:00-17:00\u00a0UTC', { window: 'daily\u00a009:00-17:00\u00a0UTC' }],
    ['allow --window=daily\u00a009:00-17:00\u00a0UTC', { window: 'daily\u00a009:00-17:00\u00a0UTC' }],
    ['allow pg --length 2d --start 2026-01-31', { service: 'pg', length: 172_800, start: '2026-01-31' }],
  ])('%s opens the form', (text, draft) => {
    expect(isIncompleteRequest(words(text))).toBe(true);
    expect(readDraft(words(text))).toEqual({ ...empty, ...draft });
  });
  it.each([
    '',
    'request pg role readonly',
    'grant pg role readonly --to b',
    'request --help',
    'request pg --bogus',
    'request --duration banana',
    'request --reason',
    'request a b c d',
    'allow --help',
    'allow pg role readonly --to b --length 1d',
    'approve',
    'ls',
    'bogus',
  ])('%j does not', (text) => {
    expect(isIncompleteRequest(words(text))).toBe(false);
    expect(readDraft(words(text))).toEqual(empty);
  });
});

describe('any argv', () => {
  const token = fc.oneof(
    fc.constantFrom(
      ...commands.map((spec) => spec.name),
      ...commands.flatMap((spec) => spec.flags.flatMap((flag) => flag.spellings)),
      '--reason=',
      '--',
      '-',
      '',
      '1h',
      'pg',
    ),
    anyText,
  );
  it('gets an answer that does not echo much', () => {
    fc.assert(
      fc.property(fc.array(token), fc.string(), (argv, program) => {
        const result = parseCommand(argv, program);
        readDraft(argv);
        if (isIncompleteRequest(argv)) expect(result.ok).toBe(false);
        if (!result.ok && result.rejection.code === 'usage') expect(result.rejection.problem.length).toBeLessThan(300);
      }),
      { numRuns: 2000 },
    );
  });
  it('reads back what was written, in any order and spelling of flags', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9/ .-]{0,20}[a-z0-9]$/);
    fc.assert(
      fc.property(
        word,
        word,
        word,
        word,
        fc.integer({ min: 1, max: 999_999 }),
        fc.boolean(),
        fc.boolean(),
        (service, accessType, resource, reason, minutes, first, equals) => {
          const pair = (flag: string, value: string): string[] => (equals ? [`${flag}=${value}`] : [flag, value]);
          const flags = [...pair('--reason', reason), ...pair('--duration', `${minutes}m`)];
          const rest = [service, accessType, resource];
          expect(parsed(['request', ...(first ? [...flags, ...rest] : [...rest, ...flags])])).toEqual({
            kind: 'request',
            right: { service, accessType, resource, integration: undefined },
            reason,
            duration: minutes * 60,
          });
        },
      ),
    );
  });
});

describe('clip', () => {
  it('keeps whole characters', () => {
    expect(clip('😀'.repeat(100))).toBe('😀'.repeat(100));
    expect(clip('😀'.repeat(101))).toBe(`${'😀'.repeat(99)}…`);
  });
});
