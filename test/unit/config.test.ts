import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, readConfig, Secret, withSampleUrl } from '../../src/config.ts';

const key = 'k'.repeat(43);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Env = Record<string, string | undefined>;
const withDatabase = {
  DATABASE_URL: 'postgres://app:pw@db/curfew',
  CURFEW_SLACK: 'local',
  CURFEW_SECRET_KEY: key,
  SAMPLE_DATABASE_URL: 'postgres://a:b@db/sample',
};

async function accepted(env: Env): Promise<Config> {
  const reading = await readConfig(env, { folder });
  if (!reading.ok) throw new Error(reading.problems.join('\n'));
  return reading.config;
}
async function problems(env: Env): Promise<readonly string[]> {
  const reading = await readConfig(env, { folder });
  return reading.ok ? [] : reading.problems;
}
const put = (name: string, text: string) => writeFile(path.join(folder, name), text);
async function fileProblems(text: string, env: Env = {}): Promise<readonly string[]> {
  await put('curfew.yaml', text);
  return problems({ CURFEW_CONFIG: 'curfew.yaml', ...env });
}

describe('with nothing set', () => {
  it('everything is embedded', async () => {
    const config = await accepted({});
    expect(config).toMatchObject({
      org: 'demo',
      owners: ['alice@example.com'],
      reviewers: ['alice@example.com', 'carol@example.com'],
      slackChannels: { approvals: 'approvals', byPolicy: new Map() },
      command: '/access',
      groups: [{ directory: 'local', id: 'platform', label: 'Platform team', members: ['carol@example.com', 'dave@example.com'] }],
      database: { kind: 'embedded', dataDir: path.join(folder, '.curfew') },
      queue: { kind: 'postgres' },
      slack: { kind: 'local' },
      port: 3000,
      host: '127.0.0.1',
      logLevel: 'info',
      publicUrl: undefined,
      bootstrapKey: undefined,
      isSample: true,
      wantsSampleDatabase: true,
    });
    expect(config.roles).toEqual(new Set(['web', 'worker']));
    expect(config.integrations).toMatchObject([
      {
        service: 'pg',
        name: 'sample',
        roles: ['readonly', 'readwrite'],
        narrower: { readwrite: ['readonly'] },
        user: '{local}',
        createLogins: true,
        drift: 'alert',
        driftEvery: 300,
      },
    ]);
  });

  it('the sample address comes later, and only where it was left open', async () => {
    const url = 'postgres://postgres:pa$$word@127.0.0.1:5/sample';
    const filled = withSampleUrl(await accepted({}), url);
    expect(filled.integrations[0]?.url.reveal()).toBe(url);
    expect(filled.wantsSampleDatabase).toBe(false);
    const own = await accepted({ SAMPLE_DATABASE_URL: 'postgres://a:b@elsewhere/shop' });
    expect(own.wantsSampleDatabase).toBe(false);
    expect(withSampleUrl(own, url).integrations[0]?.url.reveal()).toBe('postgres://a:b@elsewhere/shop');
  });

  it('a secret key is made once, and only its owner may read it', async () => {
    const first = await accepted({});
    expect(first.secretKey).toHaveLength(32);
    expect((await accepted({})).secretKey.equals(first.secretKey)).toBe(true);
    expect((await stat(path.join(folder, '.curfew/secret.key'))).mode & 0o777).toBe(0o600);
    await put('.curfew/secret.key', 'short');
    expect(await problems({})).toEqual([expect.stringContaining('secret.key must hold 32 bytes')]);
  });

  it('a data folder that cannot be made is one sentence', async () => {
    await put('file', '');
    expect(await problems({ CURFEW_DATA_DIR: 'file/below' })).toEqual([
      `the data folder ${folder}/file/below cannot be written: a part of its path is a file. Choose another with CURFEW_DATA_DIR`,
    ]);
  });
});

describe('variables', () => {
  it('are all read', async () => {
    const config = await accepted({
      ...withDatabase,
      CURFEW_SLACK: undefined,
      REDIS_URL: 'rediss://:pw@cache:6380',
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_APP_TOKEN: 'xapp-1',
      SLACK_SIGNING_SECRET: 'sig',
      SLACK_API_URL: 'http://127.0.0.1:9/api',
      CURFEW_DATA_DIR: 'kept',
      CURFEW_ROLES: 'worker',
      CURFEW_BOOTSTRAP_KEY: 'b'.repeat(32),
      CURFEW_PUBLIC_URL: 'https://curfew.example.com/at/',
      PORT: '0',
      HOST: '::',
      LOG_LEVEL: 'debug',
    });
    expect(config).toMatchObject({
      database: { kind: 'url' },
      queue: { kind: 'redis' },
      slack: { kind: 'socket', apiUrl: 'http://127.0.0.1:9/api/' },
      dataDir: path.join(folder, 'kept'),
      port: 0,
      host: '::',
      logLevel: 'debug',
      publicUrl: 'https://curfew.example.com/at',
      wantsSampleDatabase: false,
    });
    expect(config.roles).toEqual(new Set(['worker']));
    expect(config.bootstrapKey?.reveal()).toBe('b'.repeat(32));
    expect(config.slack.kind === 'socket' && config.slack.botToken instanceof Secret && config.slack.botToken.reveal()).toBe('xoxb-1');
    expect(config.queue.kind === 'redis' && config.queue.url.reveal()).toBe('rediss://:pw@cache:6380');
    expect(config.database.kind === 'url' && config.database.url.reveal()).toBe(withDatabase.DATABASE_URL);
    await expect(stat(path.join(folder, 'kept'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['PORT', '70000', 'PORT must be a number from 0 to 65535, not "70000"'],
    [
      'SLACK_CLIENT_ID',
      '1.2',
      'token rotation needs SLACK_REFRESH_TOKEN, SLACK_CLIENT_ID, SLACK_CLIENT_SECRET; not set: SLACK_REFRESH_TOKEN, SLACK_CLIENT_SECRET',
    ],
    ['PORT', '80a', 'PORT must be a number from 0 to 65535, not "80a"'],
    ['LOG_LEVEL', 'inf', 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not "inf"; did you mean "info"?'],
    ['CURFEW_ROLES', 'web,wroker', 'CURFEW_ROLES knows web and worker, separated by a comma, not "wroker"; did you mean "worker"?'],
    ['CURFEW_ROLES', ',', expect.stringContaining('not ""')],
    ['CURFEW_BOOTSTRAP_KEY', 'short', 'CURFEW_BOOTSTRAP_KEY must be 32 to 512 ASCII characters without spaces'],
    ['CURFEW_SECRET_KEY', 'short', expect.stringContaining('CURFEW_SECRET_KEY must be 32 bytes')],
    ['CURFEW_PUBLIC_URL', 'ftp://x', expect.stringContaining('CURFEW_PUBLIC_URL must be')],
    ['REDIS_URL', 'cache:6379', expect.stringContaining('REDIS_URL must be an address such as redis://')],
    ['CURFEW_SLACK', 'real', 'CURFEW_SLACK knows only "local", not "real"'],
    ['CURFEW_CONFIG', 'none.yaml', expect.stringMatching(/none\.yaml cannot be read: it is not there$/)],
  ])('%s=%s is a problem', async (name, value, problem) => {
    expect(await problems({ [name]: value })).toContainEqual(problem);
  });

  it('every problem is told at once, files included, and none shows a secret', async () => {
    const found = await fileProblems('org: Demo Corp\nowners: []\n', {
      PORT: 'x',
      DATABASE_URL: 'mysql://root:hunter2@db',
      REDIS_URL: 'hunter2',
      CURFEW_BOOTSTRAP_KEY: 'hunter2',
      SLACK_APP_TOKEN: 'hunter2',
    });
    expect(found).toEqual([
      expect.stringMatching(/^PORT /),
      expect.stringMatching(/^DATABASE_URL must be/),
      expect.stringMatching(/^REDIS_URL must be/),
      expect.stringMatching(/^SLACK_BOT_TOKEN is not set, but SLACK_APP_TOKEN is/),
      expect.stringMatching(/^CURFEW_BOOTSTRAP_KEY must be/),
      expect.stringMatching(/^CURFEW_SECRET_KEY is not set: with DATABASE_URL/),
      expect.stringMatching(/^curfew\.yaml: org: "Demo Corp" is no name/),
      'curfew.yaml: owners: must name somebody',
    ]);
    expect(found.join('\n')).not.toContain('hunter2');
  });

  it('an empty one counts as unset', async () => {
    expect(await accepted({ DATABASE_URL: '', SLACK_BOT_TOKEN: '', PORT: '', HOST: '' })).toMatchObject({
      database: { kind: 'embedded' },
      slack: { kind: 'local' },
      port: 3000,
    });
  });

  it.each(['0123456789abcdef'.repeat(4), `${'A'.repeat(43)}=`, '-_'.repeat(21).concat('A')])('a secret key may be %s', async (given) => {
    expect((await accepted({ CURFEW_SECRET_KEY: given })).secretKey).toHaveLength(32);
  });

  it('.env is read in development, under the real variables', async () => {
    await put('.env', 'PORT=4000\nLOG_LEVEL="warn"\nHOST=localhost\n');
    expect(await accepted({ LOG_LEVEL: 'error', HOST: '' })).toMatchObject({ port: 4000, logLevel: 'error', host: '127.0.0.1' });
    expect(await accepted({ NODE_ENV: 'production' })).toMatchObject({ port: 3000, logLevel: 'info' });
    await rm(path.join(folder, '.env'));
    await mkdir(path.join(folder, '.env'));
    expect(await problems({})).toEqual([expect.stringMatching(/\.env cannot be read: it is a folder$/)]);
  });
});

describe('Slack', () => {
  const only = (env: Env) => problems({ SAMPLE_DATABASE_URL: 'postgres://h/d', ...env });

  it('over HTTP with a signing secret', async () => {
    expect(await accepted({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's' })).toMatchObject({
      slack: { kind: 'http', apiUrl: undefined },
    });
  });

  it.each<[string, Env, string[]]>([
    ['a bot token alone', { SLACK_BOT_TOKEN: 'xoxb-1' }, ['Slack needs SLACK_APP_TOKEN']],
    ['a signing secret alone', { SLACK_SIGNING_SECRET: 's' }, ['SLACK_BOT_TOKEN is not set, but SLACK_SIGNING_SECRET is']],
    ['an API address alone', { SLACK_API_URL: 'http://h/' }, ['SLACK_BOT_TOKEN is not set', 'Slack needs SLACK_APP_TOKEN']],
    [
      'tokens that were swapped',
      { SLACK_BOT_TOKEN: 'xapp-1', SLACK_APP_TOKEN: 'xoxb-1' },
      ['SLACK_BOT_TOKEN holds an app', 'SLACK_APP_TOKEN holds a bot'],
    ],
    ['local and real at once', { CURFEW_SLACK: 'local', SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'x' }, ['CURFEW_SLACK=local asks']],
    ['local beside a real database', { DATABASE_URL: 'postgres://h/d', CURFEW_SECRET_KEY: key }, ['DATABASE_URL is set, but no Slack is']],
    ['local where others can reach it', { HOST: '0.0.0.0' }, ['HOST is 0.0.0.0, but no Slack is']],
  ])('%s is refused', async (_, env, beginnings) => {
    const found = await only(env);
    expect(found).toHaveLength(beginnings.length);
    for (const [index, beginning] of beginnings.entries()) expect(found[index]).toContain(beginning);
  });

  it.each<Env>([{ HOST: 'localhost' }, { HOST: '127.8.9.1' }, { HOST: '::1' }, { HOST: '0.0.0.0', CURFEW_SLACK: 'local' }, withDatabase])(
    'the local workspace may stand with %o',
    async (env) => {
      expect((await accepted(env)).slack).toEqual({ kind: 'local' });
    },
  );
});

describe('curfew.yaml', () => {
  const start = 'org: acme\nowners: [Alice+work@Example.com]\n';
  const pg = (more: string) =>
    `${start}integrations:\n  - { service: pg, name: shop, url: "postgres://h/d", roles: [r], user: "{local}"${more} }\n`;

  it('needs little', async () => {
    await put('curfew.yaml', start);
    expect(await accepted({ CURFEW_CONFIG: 'curfew.yaml' })).toMatchObject({
      org: 'acme',
      owners: ['alice@example.com'],
      reviewers: [],
      groups: [],
      integrations: [],
      slackChannels: { approvals: 'approvals', byPolicy: new Map() },
      isSample: false,
      wantsSampleDatabase: false,
    });
  });

  it('takes secrets by variable and by file', async () => {
    await mkdir(path.join(folder, 'etc'));
    await put('etc/url', ' postgres://admin:from-file@h/d\n');
    await put(
      'etc/curfew.yaml',
      `${start}slack: { approvals: "#ops", channels: { "Production": "#prod-approvals", "Rest": ops }, command: /jit }
integrations:
  - { service: pg, name: a, url: "postgres://admin:\${PW}@\${DB_HOST}/d", roles: [r], user: "{local}_{domain}", createLogins: false }
  - { service: pg, name: b, url: "file:url", roles: [r], user: "u.{local}" }
  - { service: pg, name: c, url: "file:${folder}/etc/url", roles: [r], user: "{local}" }
`,
    );
    const config = await accepted({ CURFEW_CONFIG: 'etc/curfew.yaml', PW: 'x${DB_HOST}', DB_HOST: 'db1' });
    expect(config.integrations.map((each) => each.url.reveal())).toEqual([
      'postgres://admin:x${DB_HOST}@db1/d',
      'postgres://admin:from-file@h/d',
      'postgres://admin:from-file@h/d',
    ]);
    expect(config).toMatchObject({
      slackChannels: { approvals: 'ops', byPolicy: new Map([['Production', 'prod-approvals']]) },
      command: '/jit',
      integrations: [{ createLogins: false }, {}, {}],
    });
  });

  it('takes an on-call service, its secrets too by variable and by file', async () => {
    const routing = 'r'.repeat(32);
    await put('routing', `${routing}\n`);
    await put(
      'curfew.yaml',
      `${start}onCall: { pagerduty: { token: "\${PD}", routingKeys: { PDB: "file:routing" }, url: "https://api.eu.pagerduty.com/" } }\n`,
    );
    const { onCall } = await accepted({ CURFEW_CONFIG: 'curfew.yaml', PD: 'u+hunter2' });
    const pagerduty = onCall?.pagerduty;
    expect([pagerduty?.token.reveal(), pagerduty?.routingKeys['PDB']?.reveal()]).toEqual(['u+hunter2', routing]);
    expect(pagerduty).toMatchObject({ url: 'https://api.eu.pagerduty.com', eventsUrl: 'https://events.pagerduty.com' });
    expect(inspect(onCall, { depth: 9 })).not.toMatch(/hunter2|rrr/);
  });

  it.each([
    ['{ token: "hunter2 x" }', ['onCall.pagerduty.token: must be a token without spaces']],
    ['{ token: "${NOPE}" }', ['onCall.pagerduty.token: the variable NOPE is not set']],
    ['{ token: t, routingKeys: { A: hunter2 } }', ['onCall.pagerduty.routingKeys.A: must be a routing key: 32 letters and digits']],
    ['{ token: t, routingKeys: { a/b: x } }', ['onCall.pagerduty.routingKeys.a/b: is not allowed here']],
    ['{ token: t, routingkeys: {} }', ['onCall.pagerduty: unknown key "routingkeys"; did you mean "routingKeys"?']],
    ['{ token: t, url: "http://hunter2@h" }', ['onCall.pagerduty.url: must be an https address such as https://api.eu.pagerduty.com']],
    ['{}', ['onCall.pagerduty.token: is missing']],
  ])('refuses the on-call service %s', async (text, expected) => {
    const found = await fileProblems(`${start}onCall: { pagerduty: ${text} }\n`);
    expect(found).toEqual(expected.map((each) => `curfew.yaml: ${each}`));
  });

  it.each([
    ['${NOPE}', 'the variable NOPE is not set'],
    ['${EMPTY}', 'the variable EMPTY is not set'],
    ['postgres://${', 'a reference to a variable is written ${NAME}'],
    ['postgres://${A B}', 'a reference to a variable is written ${NAME}'],
    ['file:/nowhere/at/all', 'the file /nowhere/at/all cannot be read: it is not there'],
    ['mysql://root:hunter2@h', 'must be an address such as postgres://user:password@host:5432/database'],
  ])('url %s is one problem', async (url, problem) => {
    const text = pg('').replace('postgres://h/d', url);
    expect(await fileProblems(text, { EMPTY: '' })).toEqual([`curfew.yaml: integrations[0].url: ${problem}`]);
  });

  it('the sample needs an address where the database is not embedded', async () => {
    expect(await problems({ ...withDatabase, SAMPLE_DATABASE_URL: undefined })).toEqual([
      'curfew.sample.yaml: integrations[0].url: the variable SAMPLE_DATABASE_URL is not set',
    ]);
  });

  it.each([
    [`${start}revewers: []\n`, ['unknown key "revewers"; did you mean "reviewers"?']],
    [`${start}zebra: 1\n`, ['unknown key "zebra"']],
    [`${start}slack: { aprovals: x }\n`, ['slack: unknown key "aprovals"; did you mean "approvals"?']],
    [pg(', rols: []'), ['integrations[0]: unknown key "rols"; did you mean "roles"?']],
    [pg(', createLogins: yes'), ['integrations[0].createLogins: must be true or false']],
    [pg('').replace('[r]', '[]'), ['integrations[0].roles: must not be empty']],
    [pg('').replace('[r]', '[r, s, r]'), ['integrations[0].roles: two roles are called "r"']],
    [pg(', narrower: { r: [s] }'), ['integrations[0].narrower: "s" is none of its roles']],
    [pg(', narrower: { r: [r] }'), ['integrations[0].narrower: "r" is not less than itself']],
    [pg('').replace('[r]', 'r'), ['integrations[0].roles: must be a list']],
    [pg('').replace('name: shop', 'name: "My Shop"'), [expect.stringContaining('integrations[0].name: "My Shop" is not a name')]],
    [pg('').replace('{local}', '{locl}'), [expect.stringContaining('integrations[0].user: "{locl}" is not a login such as')]],
    [pg('').replace('{local}', '{domain}'), [expect.stringContaining('integrations[0].user')]],
    [pg('').replace('service: pg', 'service: mysql'), [expect.stringContaining('knows the services pg')]],
    [pg('') + pg('').split('\n').at(-2), ['integrations: two integrations are called "shop"']],
    [
      `${start}groups: [{ id: a, label: A, members: [] }, { id: a, label: B, members: [x] }]\n`,
      ['groups[1].members[0]: "x" is not an e-mail address', 'groups: two groups are called "a"'],
    ],
    [
      `${start}groups: [{ directory: okta, id: a, label: A, members: [] }, { id: a, label: A, members: [] }, { directory: okta, id: a, label: B, members: [] }, { directory: ldap, id: b, label: B, members: [] }]\n`,
      ['groups[3].directory: must be one of local, azure-ad, entra-id, okta, workspace', 'groups: two groups are called "okta/a"'],
    ],
    [`${start}groups: [{ id: a, label: "" }]\n`, ['groups[0].label: must not be empty', 'groups[0].members: is missing']],
    ['', ['org: is missing', 'owners: is missing']],
    ['- a\n', ['must be a mapping']],
    ['org: a\norg: b\n', [expect.stringMatching(/^line \d, column \d: duplicate key/)]],
    ['org: [a\nsecret: hunter2', [expect.stringMatching(/^line \d/)]],
    [`${start}reviewers: *gone\n`, [expect.stringMatching(/alias/)]],
  ])('refuses %j', async (text, expected) => {
    const found = await fileProblems(text);
    const plain = found.map((problem) => problem.replace(/^curfew\.yaml: /, ''));
    expect(plain).toHaveLength(expected.length);
    expect(plain).toEqual(expect.arrayContaining(expected));
    expect(found.join()).not.toContain('hunter2');
  });

  it('the sample is the documented one', async () => {
    const sample = await readFile(path.join(import.meta.dirname, '../../src/sandbox/curfew.sample.yaml'), 'utf8');
    for (const line of ['url: "${SAMPLE_DATABASE_URL}"', 'roles: [readonly, readwrite]', 'user: "{local}"']) expect(sample).toContain(line);
  });

  it('.env.example names every variable that is read, and no value', async () => {
    const example = await readFile(path.join(import.meta.dirname, '../../.env.example'), 'utf8');
    const named = [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)];
    expect(named.map((each) => each[2]).join('')).toBe('');
    const read =
      'DATABASE_URL REDIS_URL SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_SIGNING_SECRET SLACK_API_URL CURFEW_SLACK CURFEW_CONFIG SAMPLE_DATABASE_URL CURFEW_DATA_DIR CURFEW_ROLES CURFEW_BOOTSTRAP_KEY CURFEW_METRICS_TOKEN CURFEW_SECRET_KEY PORT HOST CURFEW_PUBLIC_URL LOG_LEVEL';
    expect(named.map((each) => each[1])).toEqual(expect.arrayContaining(read.split(' ')));
  });
});

describe('secrets', () => {
  it('stay hidden however they are printed', async () => {
    const secret = new Secret('hunter2');
    for (const text of [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
      String(Object.entries(secret)),
    ])
      expect(text).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });

  it('a whole configuration can be printed', async () => {
    const hex = '5ec2e7'.padEnd(64, '0');
    const config = await accepted({
      DATABASE_URL: 'postgres://app:hunter2@db/c',
      SAMPLE_DATABASE_URL: 'postgres://app:hunter2@db/s',
      REDIS_URL: 'redis://:hunter2@cache',
      SLACK_BOT_TOKEN: 'hunter2',
      SLACK_APP_TOKEN: 'hunter2',
      CURFEW_BOOTSTRAP_KEY: 'hunter2'.repeat(8),
      CURFEW_SECRET_KEY: hex,
    });
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9 })]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toMatch(/5e c2 e7|94,194,231/);
      expect(text).toContain('[redacted]');
    }
  });
});
