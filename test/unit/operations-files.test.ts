import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createMetrics } from '../../src/metrics/index.ts';

// The files that people load into Prometheus and Grafana must speak of metrics that there are.

const folder = path.resolve(import.meta.dirname, '../../docs/operations');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const promtool = (...argv: readonly string[]) => spawnSync('promtool', argv, { cwd: folder, encoding: 'utf8' });
const rules = z
  .object({
    groups: z.array(
      z.object({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smh]$/)
              .optional(),
            labels: z.object({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.object({ summary: z.string(), action: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(read('alerts.yml')));
const dashboard = z
  .object({ panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) })) })
  .parse(JSON.parse(read('dashboard.json')));

const expressions = [
  ...rules.groups.flatMap((group) => group.rules.map((rule) => [rule.alert, rule.expr] as const)),
  ...dashboard.panels.flatMap((panel) => panel.targets.map((target) => [panel.title, target.expr] as const)),
];
const { text } = await createMetrics().read({
  vitals: () => Promise.reject(new Error('away')),
  queueReachable: async () => true,
  slackReady: () => true,
  clockSkewSeconds: () => 0,
  waiting: () => ({ main: 0 }),
});
const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? ''));

describe('alerts and dashboard', () => {
  it.each(expressions)('%s speaks of metrics that there are', (_, expr) => {
    const named = [...expr.matchAll(/curfew_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(known).toContain(name);
    for (const open of ['(', '{', '['])
      expect(expr.split(open)).toHaveLength(expr.split({ '(': ')', '{': '}', '[': ']' }[open] ?? '').length);
  });

  it('leaves out no metric of ours in the documentation', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    for (const name of known) if (name.startsWith('curfew_')) expect(page).toContain(`\`${name}\``);
  });

  it('says of the rows only what it has read: nothing, where the database is away', () => {
    expect(text).toContain('curfew_database_up 0');
    expect(text).toMatch(/^curfew_outbox_unsent Nan$/im);
    expect(text).not.toMatch(/^curfew_overdue_grants\{/m);
  });
});

if (promtool('--version').error !== undefined)
  it('the alerts in Prometheus', (context) => context.skip('the alerts in Prometheus (there is no promtool)'));
else
  describe('the alerts in Prometheus', () => {
    it.each([
      ['are understood', ['check', 'rules', 'alerts.yml']],
      ['fire when they should, and are silent else', ['test', 'rules', 'alerts.test.yml']],
    ])('%s', (_, argv) => {
      const { status, stdout, stderr } = promtool(...argv);
      expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
    });
  });
