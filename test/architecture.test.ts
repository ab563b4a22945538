import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** What each part may import: other parts (a folder, or one file of it) and packages. `node:` counts as a package. */
const table: Record<string, { parts: readonly string[]; packages: readonly (string | RegExp)[] }> = {
  'src/domain': { parts: ['src/domain'], packages: [] },
  'src/app': { parts: ['src/domain', 'src/app'], packages: [] },
  blocks: { parts: ['src/domain', 'blocks'], packages: ['@slack/types'] },
  'src/store': {
    parts: [
      'src/domain',
      'src/store',
      'src/app/ports.ts',
      'src/app/store.ts',
      'src/app/ask-store.ts',
      'src/app/pre-approvals-store.ts',
      'src/app/keys-store.ts',
      'src/app/notices-store.ts',
      'src/app/idempotency-store.ts',
      'src/app/bot-token-store.ts',
      'src/app/deliveries-store.ts',
      'src/app/account-changes-store.ts',
      'src/app/settings-store.ts',
      'src/app/policies-store.ts',
      'src/app/policy-history-store.ts',
      'src/app/audit-store.ts',
      'src/app/webhooks-store.ts',
      'src/app/request-history-store.ts',
      'src/app/home-store.ts',
      'src/app/home-tabs-store.ts',
      'src/app/standing-review-store.ts',
      'src/app/steps-store.ts',
      'src/app/break-glass-store.ts',
      'src/app/panics-store.ts',
      'src/app/waiting-store.ts',
      'src/app/lateness-store.ts',
      'src/app/sign-in-store.ts',
      'src/app/link-notices-store.ts',
      'src/app/vitals-store.ts',
      'src/app/newer-store.ts',
      'src/app/drift-store.ts',
      'src/app/drift-notices-store.ts',
      'src/app/use-cases.ts',
    ],
    packages: [/^kysely/, 'pg', 'uuid', 'canonicalize', /^node:/],
  },
  'src/queue': { parts: ['src/domain', 'src/app', 'src/queue', 'src/every.ts'], packages: ['bullmq', 'ioredis', 'pg', 'zod', /^node:/] },
  'src/slack': { parts: ['src/domain', 'src/app', 'blocks', 'src/slack'], packages: [/^@slack\//, 'ws', 'zod', /^node:/] },
  'src/http': {
    parts: ['src/domain', 'src/app', 'src/http'],
    packages: ['fastify', /^@fastify\//, 'fastify-type-provider-zod', 'helmet', 'zod', /^node:/],
  },
  'src/integrations': { parts: ['src/domain', 'src/app/ports.ts', 'src/integrations'], packages: ['zod', 'pg', /^node:/] },
  'src/directories': { parts: ['src/domain', 'src/app/ports.ts', 'src/directories'], packages: ['zod', /^node:/] },
  'src/on-call': { parts: ['src/domain', 'src/app/ports.ts', 'src/on-call'], packages: ['zod'] },
  'src/tokens': {
    parts: ['src/domain', 'src/app/ports.ts', 'src/app/sign-in-store.ts', 'src/tokens'],
    packages: ['jose', 'zod', /^node:/],
  },
  'src/webhooks': { parts: ['src/domain', 'src/app/webhooks-store.ts', 'src/webhooks'], packages: ['undici', 'ipaddr.js', /^node:/] },
  'src/metrics': { parts: ['src/domain', 'src/app/meter.ts', 'src/app/vitals-store.ts', 'src/metrics'], packages: ['prom-client'] },
  'src/sandbox': { parts: ['src/sandbox'], packages: ['pg', 'ws', 'zod', /^node:/] },
  'src/config': { parts: ['src/domain', 'src/config'], packages: ['zod', 'yaml', /^node:/] },
};

type Import = { file: string; to: string };

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
}

function importsOf(file: string, text = readFileSync(path.join(root, file), 'utf8')): Import[] {
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g)].map(
    (match) => ({
      file,
      to: match[1] ?? match[2] ?? '',
    }),
  );
}

const partOf = (file: string): string | undefined =>
  Object.keys(table).find((part) => file === `${part}.ts` || file.startsWith(`${part}/`));

function isAllowed({ file, to }: Import): boolean {
  const part = partOf(file);
  // main.ts and what stands beside it is where everything meets.
  if (part === undefined) return true;
  const rule = table[part];
  if (rule === undefined) return false;
  if (!to.startsWith('.')) return rule.packages.some((allowed) => (typeof allowed === 'string' ? allowed === to : allowed.test(to)));
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), to));
  return rule.parts.some((allowed) => target === allowed || target === `${allowed}.ts` || target.startsWith(`${allowed}/`));
}

describe('the import table', () => {
  const files = [...sources('src'), ...sources('blocks')];
  const imports = files.flatMap((file) => importsOf(file));

  it('saw the whole tree', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(300);
    for (const part of Object.keys(table)) expect(files.filter((file) => partOf(file) === part).length, part).toBeGreaterThan(0);
  });

  it('holds', () => {
    const broken = imports.filter((each) => !isAllowed(each)).map((each) => `${each.file} → ${each.to}`);
    expect(broken).toEqual([]);
  });

  it('would report a violation', () => {
    const planted = importsOf('src/domain/planted.ts', "import { readFile } from 'node:fs';\nimport { x } from '../store/index.ts';\n");
    expect(planted).toHaveLength(2);
    expect(planted.map(isAllowed)).toEqual([false, false]);
    expect(isAllowed({ file: 'src/slack/app.ts', to: '../http/server.ts' })).toBe(false);
    expect(isAllowed({ file: 'src/store/rights.ts', to: '../app/reconcile.ts' })).toBe(false);
  });
});

describe('habits', () => {
  const files = [...sources('src'), ...sources('blocks')];
  const text = (file: string) => readFileSync(path.join(root, file), 'utf8');

  it('reads the environment in one place', () => {
    expect(files.filter((file) => text(file).includes('process.env'))).toEqual(['src/config.ts']);
  });

  it('keeps files to one idea', () => {
    const lines = files.map((file) => ({ file, lines: text(file).split('\n').length })).toSorted((a, b) => a.lines - b.lines);
    expect(lines.filter((each) => each.lines > 300)).toEqual([]);
    expect(lines[Math.floor(lines.length / 2)]?.lines).toBeLessThanOrEqual(100);
    expect(lines[Math.floor(lines.length * 0.9)]?.lines).toBeLessThanOrEqual(250);
  });

  it('asks only Postgres for the time where a decision hangs on it', () => {
    const clocks = files
      .filter((file) => /^src\/(domain|app|store)\//.test(file))
      .filter((file) => /Date\.now\(|new Date\(\)/.test(text(file)));
    expect(clocks).toEqual([]);
  });
});
