import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { grantProgram } from '../../src/integrations/postgres-grant-program.ts';
import { finishProgram, revokeProgram } from '../../src/integrations/postgres-removal-programs.ts';
import type { Deaths } from '../chaos/crew.ts';
import { choose, everyPoint, isOnLine, line, nameOf } from '../chaos/points.ts';
import { createChance } from '../chaos/random.ts';
import { shortcomings, type Run, tell } from '../chaos/report.ts';
import { callOf, stepOf } from '../chaos/step-names.ts';

const source = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n');

describe('the points of the chaos lane', () => {
  it('are in the product as it is', () => {
    const text = source('src/store');
    const called = new Set([...text.matchAll(/\bname: '([a-z-]+)'/g)].map(([, name]) => name));
    const steps = ['insert into', 'set state =', 'update grants'].flatMap((start) =>
      [...text.matchAll(new RegExp(`${start} .{0,60}`, 'g'))].map(([found]) => stepOf({ text: found })),
    );
    const points = new Set<string>();
    const chance = createChance(1);
    for (let n = 0; n < 2_000; n += 1) for (const role of ['web', 'worker'] as const) points.add(choose(role, chance).point);
    const named = [...points].flatMap((point) => /^sql:(?:commit of )?([a-z-]+)/.exec(point)?.[1] ?? []);
    expect(named.length).toBeGreaterThanOrEqual(10);
    expect(named.filter((name) => !called.has(name) && !steps.includes(name))).toEqual([]);
  });

  it('know the calls of the target by their programs, as they are sent', () => {
    const sent = (program: string): string => callOf({ text: `BEGIN;\nDO ${pg.escapeLiteral(program)};\nCOMMIT` });
    expect([grantProgram, revokeProgram, finishProgram].map(sent)).toEqual(['grant', 'revoke', 'finish']);
  });

  it('tell a batch that takes from one that gives', () => {
    expect(stepOf({ name: 'claim-rights', text: '', values: ['take'] })).toBe('claim-rights take');
    const settle = (desired: string[]): string => stepOf({ name: 'settle-rights', text: '', values: [0, 0, 0, 0, 0, desired] });
    expect([settle(['present']), settle(['absent'])]).toEqual(['settle-rights give', 'settle-rights take']);
  });

  it('are on the whole line', () => {
    const chance = createChance(2);
    const stages = new Set(Array.from({ length: 2_000 }, (_, n) => choose(n % 2 === 0 ? 'web' : 'worker', chance).stage));
    expect([...stages].filter(isOnLine).toSorted()).toEqual([...line].toSorted());
  });

  it('are all chosen some time, so that one that was never hit can be told', () => {
    const chance = createChance(3);
    const aims = new Set(
      Array.from({ length: 2_000 }, () => (['web', 'worker'] as const).map((role) => nameOf(role, choose(role, chance)))).flat(),
    );
    expect([...aims].toSorted()).toEqual(everyPoint.toSorted());
  });
});

it('a run of the chaos lane that was not everywhere says so', () => {
  const deaths: Deaths = {
    kills: 1_000,
    fromOutside: 0,
    byStage: new Map(line.map((stage) => [stage, 10])),
    byAim: new Map(),
    byPoint: new Map(),
  };
  const whole: Run = {
    wanted: 1_000,
    deaths,
    seen: { removals: 400, blind: 3 },
    requests: 900,
    grants: 800,
    extended: 40,
    takenAtOnce: 20,
    latenessMs: [],
    longest: { undisturbed: 0, addedUp: 0, pastEnd: 0, unclaimed: 0 },
    looks: 9_000,
    strictLooks: 40,
  };
  expect(shortcomings(whole)).toEqual([]);
  const elsewhere = new Map(line.slice(1).map((stage) => [stage, 10]));
  expect(shortcomings({ ...whole, deaths: { ...deaths, byStage: elsewhere }, grants: 2, seen: { removals: 1, blind: 0 } })).toEqual([
    'no process died at a point of request',
    'only 2 grants were made',
    'only 1 removals were under way at a death',
  ]);
  const short = { ...whole, deaths: { ...deaths, kills: 100, fromOutside: 90, byStage: new Map() }, grants: 2 };
  expect(shortcomings(short)).toEqual([]);
  // However short it was.
  expect(shortcomings({ ...short, deaths: { ...short.deaths, kills: 99 } })).toEqual([
    'only 99 of 1000 kills happened',
    'only 9 of 99 kills were at points',
  ]);
  expect(shortcomings({ ...short, wanted: 1, deaths: { ...deaths, kills: 1, fromOutside: 1 } })).toEqual([
    'only 0 of 1 kills were at points',
  ]);
  expect(tell({ ...whole, deaths: { ...deaths, byAim: new Map(everyPoint.slice(2).map((point) => [point, 1])) } })).toContainEqual(
    `never hit: ${everyPoint.slice(0, 2).join(', ')}`,
  );
});
