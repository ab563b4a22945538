import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Integration } from '../../src/app/ports.ts';
import { parseEmail, parseOrg } from '../../src/domain/ids.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import { instant } from '../../src/domain/time.ts';
import { createIntegrations } from '../../src/integrations/index.ts';
import { callPostgres } from '../../src/integrations/postgres-call.ts';
import { grantProgram } from '../../src/integrations/postgres-grant-program.ts';
import { inDatabase, uniqueName } from '../support/postgres.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { id, inAnHour, postgresTarget } from '../support/postgres-target.ts';
import { withClient } from '../../src/sandbox/postgres/connect.ts';

const password = 'a-Password.that_we-made';
const absent = { kind: 'observed', observed: 'absent' };
const present = { kind: 'observed', observed: 'present' };
const soon = () => AbortSignal.timeout(10_000);
const options = (until = inAnHour()) => ({ until, password, resetPassword: false });

describe('PostgreSQL', () => {
  let place: Awaited<ReturnType<typeof postgresTarget>>;
  let target: Integration;
  beforeAll(async () => {
    place = await postgresTarget();
    target = place.integration();
  });
  afterAll(async () => {
    await target[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  it('makes a login that is marked as ours, ends by itself, and can do nothing but what was asked for', async () => {
    const account = place.account();
    const until = inAnHour();
    await target.ensurePresent(place.right(account), options(until), soon());
    const [row] = await place.asAdmin('select * from pg_roles where rolname = $1', [account]);
    expect(row).toMatchObject({
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      rolbypassrls: false,
      rolinherit: true,
    });
    expect(await place.role(account)).toMatchObject({ login: true, until: new Date(until), tag: 'curfew:demo/sample', memberships: 1 });
    expect((await place.role(account))?.['password']).toMatch(/^SCRAM-SHA-256\$4096:/);
    await target.ensureAbsent([place.right(account)], soon());
    expect(await place.role(account)).toBeUndefined();
  });

  it('says what it read back, when, by the clock of the server, and of which server', async () => {
    const account = place.account();
    const right = place.right(account);
    const until = inAnHour();
    const [server] = await place.asAdmin(
      `select current_setting('server_version') as version, system_identifier::text as id, current_user as us from pg_control_system()`,
      [],
    );
    const clock = async () => Number((await place.asAdmin('select extract(epoch from clock_timestamp()) * 1000 as ms', []))[0]?.['ms']);
    const before = Math.floor(await clock());
    const { said: given } = await target.ensurePresent(right, options(until), soon());
    const same = {
      server: server?.['version'],
      system: server?.['id'],
      database: place.urlOf('a', 'b').split('/').at(-1),
      readAt: expect.any(String),
    };
    expect(given).toEqual({ ...same, role: right.resource, account, grantor: server?.['us'], validUntil: expect.any(String) });
    expect(Date.parse(String(given?.['validUntil']))).toBe(until);
    const { client, ended } = await place.logIn(account, password);
    const pid = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    const [removal] = await target.ensureAbsent([right], soon());
    await ended;
    expect(removal?.said).toEqual({ ...same, role: right.resource, account, membership: 'none', login: 'none', endedPids: String(pid) });
    const read = [before, Date.parse(String(given?.['readAt'])), Date.parse(String(removal?.said?.['readAt'])), await clock()];
    expect(read).toEqual(read.toSorted((a, b) => a - b));
    expect(JSON.stringify([given, removal])).not.toContain(password);
  });

  it('ends a login of ours with the last of its rights', async () => {
    const account = place.account();
    const [early, late] = [instant(Date.now() + 60_000), inAnHour()];
    await target.ensurePresent(place.right(account, 0), options(late), soon());
    await target.ensurePresent(place.right(account, 1), options(early), soon());
    expect((await place.role(account))?.['until']).toEqual(new Date(late));
    const later = instant(late + 60_000);
    await target.ensurePresent(place.right(account, 1), options(later), soon());
    expect((await place.role(account))?.['until']).toEqual(new Date(later));
    await target.ensureAbsent([place.right(account, 0), place.right(account, 1)], soon());
  });

  it('refuses the login after its end although nobody took it away', async () => {
    const account = place.account();
    await target.ensurePresent(place.right(account), options(instant(Date.now() - 1_000)), soon());
    await expect(place.logIn(account, password)).rejects.toMatchObject({ code: '28P01' });
    await target.ensureAbsent([place.right(account)], soon());
  });

  it('does not touch a login with another mark, but ends its sessions from before', async () => {
    const account = place.account();
    await place.asAdmin(`create role ${id(account)} login password 'theirs'; comment on role ${id(account)} is 'curfew:other/sample'`);
    const before = await place.role(account);
    expect(await target.ensurePresent(place.right(account), { ...options(), resetPassword: true }, soon())).toMatchObject({
      result: present,
      passwordSet: false,
    });
    expect(await place.role(account)).toEqual({ ...before, memberships: 1 });
    const { client, ended } = await place.logIn(account, 'theirs');
    await client.query(`set role ${id(place.roles[0])}`);
    expect(await target.ensureAbsent([place.right(account)], soon())).toMatchObject([
      { result: absent, sessionsEnded: 1, accountGone: false },
    ]);
    await ended;
    expect(await place.role(account)).toEqual(before);
    const again = await place.logIn(account, 'theirs');
    await expect(again.client.query(`set role ${id(place.roles[0])}`)).rejects.toMatchObject({ code: '42501' });
    await again.client.end();
  });

  it('removes a membership whoever granted it, and sees only direct ones', async () => {
    const [account, helper] = [place.account(), place.account('helper')];
    await place.asAdmin(
      `create role ${id(helper)}; grant ${id(place.roles[0])} to ${id(helper)} with admin option; create role ${id(account)} login;
       grant ${id(helper)} to ${id(account)}`,
    );
    expect(await target.observe([place.right(account)], soon())).toEqual(['absent']);
    await place.asAdmin(`grant ${id(place.roles[0])} to ${id(account)}`);
    await place.asAdmin(`set role ${id(helper)}; grant ${id(place.roles[0])} to ${id(account)}`);
    expect((await target.ensureAbsent([place.right(account)], soon()))[0]?.result).toEqual(absent);
    expect((await place.role(account))?.['memberships']).toBe(1);
  });

  it.each([
    ['a superuser', 'superuser login', 'superuser'],
    ['a group', 'nologin', 'is not a login'],
  ])('gives nothing to %s', async (_, attributes, why) => {
    const account = place.account();
    await place.asAdmin(`create role ${id(account)} ${attributes}`);
    const { result } = await target.ensurePresent(place.right(account), options(), soon());
    expect(result).toMatchObject({ kind: 'refused', permanent: true, why: expect.stringContaining(why) });
    expect((await place.role(account))?.['memberships']).toBe(0);
  });

  it('grants only configured roles that exist and do not lead to a superuser', async () => {
    const [mighty, path, missing] = [place.account('mighty'), place.account('path'), uniqueName('missing')];
    await place.asAdmin(`create role ${id(path)}; create role ${id(mighty)} superuser; grant ${id(mighty)} to ${id(path)}`);
    await using wide = place.integration({ roles: [mighty, path, missing] });
    for (const resource of [mighty, path, missing, place.roles[0], 'pg_read_all_data']) {
      const account = place.account();
      const { result } = await wide.ensurePresent({ accessType: 'role', resource, account }, options(), soon());
      expect(result).toMatchObject({ kind: 'refused', permanent: true });
      expect(await place.role(account)).toBeUndefined();
    }
  });

  it('makes no login where it may not', async () => {
    await using strict = place.integration({ createLogins: false });
    const account = place.account();
    const { result } = await strict.ensurePresent(place.right(account), options(), soon());
    expect(result).toEqual({ kind: 'refused', permanent: true, why: `the database has no login ${account}, and none may be made` });
    await place.asAdmin(`create role ${id(account)} login`);
    expect((await strict.ensurePresent(place.right(account), { ...options(), password: undefined }, soon())).result).toEqual(present);
    expect((await strict.ensureAbsent([place.right(account)], soon()))[0]?.result).toEqual(absent);
    expect(await place.role(account)).toBeDefined();
  });

  it('drops what a login owns here; one that owns things elsewhere is closed, and opened again later', async () => {
    const elsewhere = uniqueName('elsewhere');
    await withClient(place.adminUrl, (client) => client.query(`create database ${id(elsewhere)}`));
    const account = place.account();
    await target.ensurePresent(place.right(account), options(), soon());
    await place.asAdmin(`create table of_bob (); alter table of_bob owner to ${id(account)}`);
    const there = inDatabase(place.adminUrl, elsewhere);
    await withClient(there, (client) => client.query(`create table kept (); alter table kept owner to ${id(account)}`));
    const session = await place.logIn(account, password);

    expect(await target.ensureAbsent([place.right(account)], soon())).toMatchObject([
      { result: absent, sessionsEnded: 1, accountGone: true },
    ]);
    await session.ended;
    expect(await place.asAdmin(`select to_regclass('of_bob') as found`)).toEqual([{ found: null }]);
    expect(await place.role(account)).toMatchObject({ login: false, password: null, tag: 'curfew:demo/sample', memberships: 0 });

    expect(await target.ensurePresent(place.right(account), { ...options(), password: 'the-second-one' }, soon())).toMatchObject({
      result: present,
      passwordSet: true,
    });
    await (await place.logIn(account, 'the-second-one')).client.end();
    await withClient(place.adminUrl, (client) => client.query(`drop database ${id(elsewhere)}`));
    expect((await target.ensureAbsent([place.right(account)], soon()))[0]).toMatchObject({ result: absent });
    expect(await place.role(account)).toBeUndefined();
  });

  it('keeps a login of ours that somebody gave another role', async () => {
    const [account, other] = [place.account(), place.account('other')];
    await target.ensurePresent(place.right(account), options(), soon());
    await place.asAdmin(`create role ${id(other)}; grant ${id(other)} to ${id(account)}`);
    expect(await target.ensureAbsent([place.right(account)], soon())).toMatchObject([
      { result: absent, sessionsEnded: 0, accountGone: false },
    ]);
    expect(await place.role(account)).toMatchObject({ login: true, memberships: 1 });
  });

  it('works for an administrator who is no superuser', async () => {
    const admin = place.account('admin');
    await place.asAdmin(
      `create role ${id(admin)} login createrole password 'secret-of-admin'; grant pg_signal_backend to ${id(admin)};
       grant ${id(place.roles[0])} to ${id(admin)} with admin option`,
    );
    await using limited = place.integration({ url: place.urlOf(admin, 'secret-of-admin') });
    const account = place.account();
    expect(await limited.ensurePresent(place.right(account), options(), soon())).toMatchObject({ result: present, passwordSet: true });
    const { client, ended } = await place.logIn(account, password);
    await client.query(`set role ${id(place.roles[0])}`);
    const { result } = await limited.ensurePresent(place.right(account, 1), options(), soon());
    // PostgreSQL 15 and before let any administrator of roles grant any of them.
    if (result.kind !== 'observed')
      expect(result).toMatchObject({ kind: 'refused', permanent: true, why: expect.stringContaining('permission denied') });
    await limited.ensureAbsent([place.right(account, 1)], soon());
    expect(await limited.ensureAbsent([place.right(account)], soon())).toMatchObject([{ result: absent, accountGone: true }]);
    await ended;
    expect(await place.role(account)).toBeUndefined();
  });

  it('does not say that access is gone while a session may not be ended', async () => {
    const admin = place.account('admin');
    await place.asAdmin(
      `create role ${id(admin)} login createrole password 'secret-of-admin'; grant ${id(place.roles[0])} to ${id(admin)} with admin option`,
    );
    await using limited = place.integration({ url: place.urlOf(admin, 'secret-of-admin') });
    const account = place.account();
    await place.asAdmin(`create role ${id(account)} login password 'theirs'; grant ${id(place.roles[0])} to ${id(account)}`);
    const { client, ended } = await place.logIn(account, 'theirs');
    await client.query(`set role ${id(place.roles[0])}`);
    const [removal] = await limited.ensureAbsent([place.right(account)], soon());
    expect(removal).toMatchObject({ result: { kind: 'refused', why: expect.stringContaining('42501') }, sessionsEnded: 0 });
    expect((await client.query('select current_user as me')).rows).toEqual([{ me: place.roles[0] }]);
    expect(await target.ensureAbsent([place.right(account)], soon())).toMatchObject([{ result: absent, sessionsEnded: 1 }]);
    await ended;
  });

  it('refuses with the server’s reason, not with the secrets', async () => {
    await using wrong = place.integration({ url: place.urlOf('nobody_at_all', 'a-wrong-secret') });
    const { result } = await wrong.ensurePresent(place.right(place.account()), options(), soon());
    expect(result).toMatchObject({ kind: 'refused', permanent: true, why: expect.stringContaining('28P01') });
    expect(JSON.stringify(result)).not.toContain('a-wrong-secret');
  });

  it('does not let a call land that was held up past its end', async () => {
    await using proxy = await startFaultProxy(place.url);
    const pool = new pg.Pool({ connectionString: proxy.through(place.url) });
    proxy.plan({ when: 'curfew.call', does: 'hold' });
    const right = place.right(place.account());
    const input = {
      account: right.account,
      role: right.resource,
      tag: 'curfew:demo/sample',
      createLogins: true,
      verifier: 'x',
      resetPassword: false,
      untilMs: inAnHour(),
    };
    const time = { ends: AbortSignal.timeout(300), remainingMs: () => 100 };
    expect(await callPostgres(pool, time, (call) => call.run(grantProgram, input, z.unknown()))).toMatchObject({
      failed: { kind: 'lost' },
    });
    await proxy.letGo();
    expect(await place.role(right.account)).toBeUndefined();
    await pool.end();
  });

  it('refuses names that are not a person’s', () => {
    const emails = ['postgres', 'public', 'none', 'pg_monitor', place.roles[0], '1st', 'a$b'].map((local) =>
      parseEmail(`${local}@example.com`),
    );
    for (const email of emails)
      expect(email && target.accountOf(email)).toMatchObject({ ok: false, rejection: { code: 'account-unusable' } });
    const bob = parseEmail('bob+x@example.com');
    expect(bob && target.accountOf(bob)).toEqual({ ok: true, value: 'bob' });
  });

  it('tells how to use it', async () => {
    const url = new URL("postgres://admin:secret@db.example.com/it's%20here");
    await using elsewhere = place.integration({ url: url.href });
    expect(elsewhere.usage(place.right('bob'))).toEqual({
      account: 'bob',
      command: `psql -h db.example.com -p 5432 -U bob -d 'it'\\''s here'`,
    });
  });

  it.each([
    ['url', { url: 'postgres://admin:hunter2@[bad' }],
    ['user', { user: '{domain}' }],
    ['roles', { roles: ['public'] }],
  ])('says at once that the configuration cannot work: %s', (_, changed) => {
    let said: unknown;
    try {
      place.integration(changed);
    } catch (error) {
      said = error;
    }
    expect(String(said)).toMatch(/^Error: integration "sample": /);
    expect(String(said)).not.toContain('hunter2');
  });

  it('is in the registry by its name, once', async () => {
    const org = parseOrg('demo');
    if (org === undefined) throw new Error('demo is no slug');
    const drift = { drift: 'alert', driftEvery: 300 as DurationSeconds } as const;
    const config = {
      service: 'pg',
      name: 'sample',
      url: place.url,
      roles: place.roles,
      user: '{local}',
      createLogins: true,
      ...drift,
    } as const;
    await using registry = createIntegrations([config, { ...config, name: 'second' }], org);
    expect(registry.all().map(({ name, service }) => [name, service])).toEqual([
      ['sample', 'pg'],
      ['second', 'pg'],
    ]);
    expect(registry.byName('second')?.name).toBe('second');
    expect(registry.byName('third')).toBeUndefined();
    expect(() => createIntegrations([config, config], org)).toThrow('two integrations are named "sample"');
  });
});
