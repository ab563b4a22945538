import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileProblem } from './file-problem.ts';
import type { Variables } from './variables.ts';

export type FilePath = readonly (string | number)[];

/** Where references lead. */
export type Sources = {
  readonly variables: Variables;
  /** A variable whose value comes later: references to it stay as they are. */
  readonly promised: string | undefined;
  /** `file:` paths that are not absolute begin here. */
  readonly folder: string;
};

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `${NAME}` within a text. What a variable holds is not looked into again. */
function fillIn(text: string, sources: Sources, report: (problem: string) => void): string {
  return text.replaceAll(/\$\{([^}]*)\}?/g, (whole, name: string) => {
    if (!whole.endsWith('}') || !variableName.test(name)) {
      report('a reference to a variable is written ${NAME}');
      return whole;
    }
    if (name === sources.promised) return whole;
    const value = sources.variables.get(name);
    if (value === undefined) report(`the variable ${name} is not set`);
    return value ?? whole;
  });
}

async function resolveText(text: string, sources: Sources, report: (problem: string) => void): Promise<string> {
  const filled = fillIn(text, sources, report);
  if (!text.startsWith('file:')) return filled;
  const file = path.resolve(sources.folder, filled.slice('file:'.length));
  try {
    const content = (await readFile(file, 'utf8')).trim();
    if (content === '') report(`the file ${file} is empty`);
    return content;
  } catch (error) {
    report(`the file ${file} cannot be read: ${fileProblem(error)}`);
    return text;
  }
}

/** Puts values where a parsed file refers to them: `${NAME}` inside a text, or a text that is `file:/path`. */
export async function resolveReferences(
  value: unknown,
  sources: Sources,
  report: (at: FilePath, problem: string) => void,
  at: FilePath = [],
): Promise<unknown> {
  if (typeof value === 'string') return resolveText(value, sources, (problem) => report(at, problem));
  if (Array.isArray(value)) return Promise.all(value.map((item, index) => resolveReferences(item, sources, report, [...at, index])));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await resolveReferences(item, sources, report, [...at, key])]);
  return Object.fromEntries(await Promise.all(entries));
}
