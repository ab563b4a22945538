import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { methodScopes, optionalScopes } from '../../src/slack/listened.ts';
import { scenes } from '../support/fault-scenes.ts';

it('every method that is called has its scenes', () => {
  // auth.test is asked at the start alone. What sockets and tokens need is in slack-sockets and bot-tokens.
  const called = Object.keys({ ...methodScopes, ...optionalScopes }).filter((method) => method !== 'auth.test');
  expect([...new Set(scenes.map(({ method }) => method))].toSorted()).toEqual(called.toSorted());
});

it('every family of methods has its file', () => {
  const files = readdirSync(import.meta.dirname).flatMap((name) => /^slack-methods-(\w+)\.test\.ts$/.exec(name)?.[1] ?? []);
  expect(new Set(files)).toEqual(new Set(scenes.map(({ method }) => method.split('.')[0])));
});
