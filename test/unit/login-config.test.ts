import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { apiKeyOf } from '../../src/domain/api-key.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-login-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string, env: Record<string, string> = {}) {
  await writeFile(path.join(folder, 'curfew.yaml'), `org: acme\nowners: [a@example.com]\n${text}`);
  const reading = await readConfig({ CURFEW_CONFIG: 'curfew.yaml', ...env }, { folder });
  return reading.ok ? reading.config : reading.problems;
}
const issuer = (changes: object) =>
  `issuers: ${JSON.stringify([
    {
      issuer: 'https://login.example.com',
      audience: 'curfew',
      jwks: 'https://login.example.com/keys',
      algorithm: 'RS256',
      scopes: ['command'],
      ...changes,
    },
  ])}`;

it('takes a login and issuers', async () => {
  const login = { provider: 'okta', domain: '127.0.0.1:8443', clientId: 'cli' };
  expect(await read(`login: ${JSON.stringify(login)}\n${issuer({})}`)).toMatchObject({
    login,
    issuers: [{ issuer: 'https://login.example.com', principal: 'email', scopes: ['command'] }],
  });
});

it.each([
  ['login: { provider: google, domain: x, clientId: y }', ['curfew.yaml: login.provider: must be okta or ping']],
  ['login: { provider: okta, domain: "https://x", clientId: y }', [expect.stringContaining('is not a host')]],
  ['login: { provider: okta, domain: x, clientID: y }', expect.arrayContaining([expect.stringContaining('did you mean "clientId"?')])],
  ['login: { provider: ping, domain: x, clientId: y }', ['curfew.yaml: login.environmentId: is needed for ping, and for nothing else']],
  [issuer({ algorithm: 'HS256' }), [expect.stringContaining('issuers[0].algorithm: must be one of RS256')]],
  [issuer({ algorithm: 'none' }), [expect.stringContaining('issuers[0].algorithm: must be one of RS256')]],
  [issuer({ jwks: 'http://login.example.com/keys' }), ['curfew.yaml: issuers[0].jwks: must be an https address']],
  [issuer({ scopes: ['all'] }), [expect.stringContaining('must be one of command')]],
  [issuer({ scopes: [] }), ['curfew.yaml: issuers[0].scopes: must not be empty']],
  [issuer({ audience: '' }), ['curfew.yaml: issuers[0].audience: must not be empty']],
])('refuses %s', async (text, problems) => {
  expect(await read(text)).toEqual(problems);
});

it('takes the hosts that webhooks may call wherever they lead', async () => {
  expect(await read('webhooks: { allowHosts: [hooks.internal, 10.0.0.7, hooks.internal] }')).toMatchObject({
    webhooks: { allowHosts: ['hooks.internal', '10.0.0.7'] },
  });
  expect(await read('')).toHaveProperty('org', 'acme');
});

it.each([
  ['https://hooks.internal', 'is not a host such as'],
  ['hooks.internal:8080', 'is not a host such as'],
  ['Hooks.internal', 'is not a host such as'],
  ['*.internal', 'is not a host such as'],
  ['', 'is not a host such as'],
])('refuses %s as a host for webhooks', async (host, problem) => {
  expect(await read(`webhooks: { allowHosts: ${JSON.stringify([host])} }`)).toEqual([expect.stringContaining(problem)]);
  expect(await read('webhooks: { allowHost: [x] }')).toEqual(
    expect.arrayContaining([expect.stringContaining('did you mean "allowHosts"?')]),
  );
});

it('tells a bootstrap key with a slip in it', async () => {
  const key = apiKeyOf('k'.repeat(43));
  expect(await read('', { CURFEW_BOOTSTRAP_KEY: key })).toMatchObject({ org: 'acme' });
  expect(await read('', { CURFEW_BOOTSTRAP_KEY: key.replace('kkk', 'kkj') })).toEqual([
    expect.stringMatching(/^CURFEW_BOOTSTRAP_KEY looks like a key/),
  ]);
});

const client = { issuer: 'https://login.example.com/', clientId: 'curfew', clientSecret: '${SECRET}' };
const signIn = (changes: object = {}) => `signIn: ${JSON.stringify({ ...client, ...changes })}`;
const secret = { SECRET: 's3cret' };

it('takes a provider to sign in with, and keeps the client’s secret', async () => {
  const config = await read(`slack: { linkByEmail: false }\n${signIn()}`, secret);
  expect(config).toMatchObject({ linkByEmail: false, signIn: { issuer: 'https://login.example.com/', clientId: 'curfew' } });
  expect(JSON.stringify(config)).not.toContain('s3cret');
  expect(await read('')).toMatchObject({ linkByEmail: true });
});

it.each([
  [
    'slack: { linkByEmail: false }',
    ['curfew.yaml: slack.linkByEmail: is false, so people must sign in to be known: say with what in signIn'],
  ],
  ['slack: { linkByEmail: "no" }', ['curfew.yaml: slack.linkByEmail: must be true or false']],
  [signIn({ issuer: 'http://login.example.com' }), [expect.stringContaining('signIn.issuer: must be the https address')]],
  [signIn({ issuer: 'https://login.example.com?x=y' }), [expect.stringContaining('signIn.issuer: must be the https address')]],
  [signIn({ clientSecret: undefined }), ['curfew.yaml: signIn.clientSecret: is missing']],
  [signIn({ clientSecret: 'two words' }), ['curfew.yaml: signIn.clientSecret: must be a secret without spaces']],
  [signIn({ secret: 'x' }), [expect.stringContaining('unknown key "secret"')]],
])('refuses %s for signing in', async (text, problems) => {
  expect(await read(text, secret)).toEqual(problems);
});

it.each([
  [{ CURFEW_PUBLIC_URL: 'https://curfew.example.com' }, true],
  [{ CURFEW_PUBLIC_URL: 'http://curfew.example.com' }, false],
  [{ CURFEW_PUBLIC_URL: 'http://127.0.0.1:3000' }, true],
  [{ CURFEW_PUBLIC_URL: 'http://[::1]:3000' }, true],
  [{}, true],
  [{ HOST: '0.0.0.0', CURFEW_SLACK: 'local' }, false],
  [{ HOST: '0.0.0.0', CURFEW_SLACK: 'local', CURFEW_ROLES: 'worker' }, true],
])('people are led back to an https address, or to their own machine: %j', async (env, isSafe) => {
  const config = await read(signIn(), { ...secret, ...env });
  if (isSafe) expect(config).toHaveProperty('signIn');
  else expect(config).toEqual(['CURFEW_PUBLIC_URL must be an https address: people sign in to Curfew (signIn), and are led back to it']);
});
