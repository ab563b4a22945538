import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { accessFile, knownKeys, quoted, repeated, services } from './access-schema.ts';
import type { AccessConfig } from './config-types.ts';
import { fileProblem } from './file-problem.ts';
import { type FilePath, resolveReferences, type Sources } from './references.ts';
import { didYouMean } from './suggest.ts';
import type { Report } from './variables.ts';

const pathText = (at: readonly PropertyKey[]): string =>
  at.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`)).join('');

/** The file as plain values. Neither the parser's excerpts nor the values are shown: they may hold secrets. */
function parseYaml(text: string, report: Report): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  for (const problem of [...document.errors, ...document.warnings]) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    report(`line ${line}, column ${col}: ${problem.code.toLowerCase().replaceAll('_', ' ')}`);
  }
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS() ?? {};
  } catch {
    report('its aliases lead nowhere, or to too much');
    return undefined;
  }
}

/** Our words for what the schema leaves to its library. */
const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return issue.input === undefined ? 'is missing' : `must be ${nouns[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_union') return `knows the services ${services.join(', ')}, and "service" names none of them`;
  if (issue.code === 'too_small') return 'must not be empty';
  if (issue.code === 'too_big') return `must not be longer than ${issue.maximum}`;
  return 'is not allowed here';
};
const nouns: Readonly<Record<string, string>> = { string: 'a text', array: 'a list', object: 'a mapping', boolean: 'true or false' };

function issueLines(issue: z.core.$ZodIssue): { at: readonly PropertyKey[]; problem: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ at: issue.path, problem: issue.message }];
  const known = knownKeys[pathText(issue.path).replaceAll(/\[\d+\]/g, '[]')] ?? [];
  return issue.keys.map((key) => ({ at: issue.path, problem: `unknown key "${key}"${didYouMean(key, known)}` }));
}

/** The names in one list of the file, whatever else is wrong with its items. A group's is its own in its directory. */
function namesIn(file: unknown, list: string, key: string): string[] {
  const items: unknown = Object(file)[list];
  const names = Array.isArray(items) ? items.filter((item: unknown) => typeof Object(item)[key] === 'string') : [];
  return names.map((item: unknown) => {
    const { directory = 'local', [key]: name } = Object(item);
    return list === 'groups' && directory !== 'local' ? `${directory}/${name}` : name;
  });
}

/**
 * Reads `curfew.yaml`, and reports every problem with its path.
 * @returns undefined where there was one
 */
export async function readAccessFile(file: string, sources: Omit<Sources, 'folder'>, report: Report): Promise<AccessConfig | undefined> {
  const shown = path.basename(file);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    report(`${file} cannot be read: ${fileProblem(error)}`);
    return undefined;
  });
  if (text === undefined) return undefined;
  const parsed = parseYaml(text, (problem) => report(`${shown}: ${problem}`));
  if (parsed === undefined) return undefined;

  const reported = new Set<string>();
  const reportAt = (at: readonly PropertyKey[], problem: string) => {
    reported.add(pathText(at));
    report([shown, pathText(at), problem].filter((part) => part !== '').join(': '));
  };
  const resolved = await resolveReferences(parsed, { ...sources, folder: path.dirname(file) }, (at: FilePath, problem) =>
    reportAt(at, problem),
  );
  const unresolved = new Set(reported);
  const checked = accessFile.safeParse(resolved, { error: wording });
  // A value that could not be had is one problem, not two.
  if (!checked.success)
    for (const { at, problem } of checked.error.issues.flatMap(issueLines)) if (!unresolved.has(pathText(at))) reportAt(at, problem);
  for (const [list, key] of [
    ['groups', 'id'],
    ['integrations', 'name'],
    ['issuers', 'issuer'],
  ] as const)
    for (const twice of repeated(namesIn(resolved, list, key))) reportAt([list], `two ${list} are called ${quoted(twice)}`);
  if (checked.data?.slack.linkByEmail === false && checked.data.signIn === undefined)
    reportAt(['slack', 'linkByEmail'], 'is false, so people must sign in to be known: say with what in signIn');
  if (!checked.success || reported.size > 0) return undefined;
  const { slack, ...rest } = checked.data;
  return { ...rest, slackChannels: slackChannels(slack), command: slack.command, linkByEmail: slack.linkByEmail };
}

function slackChannels({ approvals, channels }: { readonly approvals: string; readonly channels: Readonly<Record<string, string>> }) {
  const bare = (channel: string): string => channel.replace(/^#/, '');
  // Named twice it would be told twice.
  const own = Object.entries(channels).filter(([, channel]) => bare(channel) !== bare(approvals));
  return { approvals: bare(approvals), byPolicy: new Map(own.map(([policy, channel]) => [policy, bare(channel)])) };
}
