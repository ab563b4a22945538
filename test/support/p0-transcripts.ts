import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { P0, P0Login } from './p0-client.ts';
import { type P0Server, startP0Server } from './p0-server.ts';

/** In milliseconds: every run may be a process that has to start, on a busy machine, and that pauses before it tries again. */
export const patience = 60_000;

/** Every transcript of the contract, run by `p0`, against a server that knows nothing of who it talks to. */
export function describeP0(p0: P0): void {
  let server: P0Server;
  let alice: P0Login;
  let carol: P0Login;
  beforeAll(async () => {
    server = await startP0Server();
    [alice, carol] = [await server.login('alice'), await server.login('carol')];
  });
  afterAll(async () => {
    expect(server.failures).toEqual([]);
    await server[Symbol.asyncDispose]();
  });
  /** The program names itself as its file is called. */
  const sent = (...argv: string[]) => expect(server.proxy.sent()).toContain(`{"argv":${JSON.stringify(argv)},"scriptName":"`);

  describe('p0 request', { timeout: patience }, () => {
    it('asks, and says so with the id', async () => {
      const ran = await p0(await server.login('r1'), 'request', 'pg', 'role', 'readonly', '--reason', 'need it');
      const id = await server.asked('need it');
      expect(ran).toMatchObject({ exit: 0, stdout: '' });
      expect(ran.stderr).toContain(`pg role readonly for r1@example.com (request ${id}): waits for approval`);
      sent('request', 'pg', 'role', 'readonly', '--reason', 'need it');
      expect(server.proxy.sent()).toContain('POST /o/demo/command/ HTTP/1.1');
      expect(server.proxy.sent()).toContain('POST /o/demo/traces HTTP/1.1');
    });

    it('keeps every character of what was typed', async () => {
      const reason = 'zwei\nZeilen „ü“ 🙂 007 "q" -x';
      await p0(await server.login('r2'), 'request', 'pg', 'role', 'readonly', `--reason=${reason}`, '--duration=02h');
      const ran = await p0(await server.login('r2'), 'request', 'pg', 'role', 'readonly', `--reason=${reason}`, '--duration', '2 hours');
      expect(ran.exit).toBe(0);
      const found = await server.world.pool.query('select reason, asked_seconds from requests where reason like $1', ['zwei%']);
      expect(found.rows).toHaveLength(1);
    });

    it('returns the request that is open already when it is asked again, also where the first answer got lost', async () => {
      const login = await server.login('r3');
      server.proxy.plan({ when: '"twice"', does: 'lose' });
      const first = await p0(login, 'request', 'pg', 'role', 'readonly', '--reason', 'twice');
      const second = await p0(login, 'request', 'pg', 'role', 'readonly', '--reason', 'twice');
      const id = await server.asked('twice');
      expect([first.exit, second.exit, first.stderr.includes(id), second.stderr.includes(id)]).toEqual([0, 0, true, true]);
      expect((await server.world.pool.query(`select 1 from requests where reason = 'twice'`)).rowCount).toBe(1);
    });
  });

  describe('p0 request -w', { timeout: patience }, () => {
    const cases: readonly [name: string, exit: number, act: (reason: string) => Promise<void>][] = [
      [
        'is 0 once the access is there',
        0,
        async (reason) => {
          const id = await server.asked(reason);
          await server.polled(id);
          await server.decide(id, 'approve');
          await server.world.reconcile();
        },
      ],
      ['is 2 where it is denied', 2, async (reason) => server.decide(await server.asked(reason), 'deny')],
      [
        'is 1 where the target refuses',
        1,
        async (reason) => {
          const id = await server.asked(reason);
          await server.decide(id, 'approve');
          server.world.target.faults.push({ kind: 'refused', permanent: true });
          await server.world.reconcile();
        },
      ],
      [
        'is 1 where nobody answered in time',
        1,
        async (reason) => {
          await server.polled(await server.asked(reason));
          await server.world.passTime('30 days');
          await server.world.work.lapse();
        },
      ],
      [
        'is 1 where it is revoked before it was there',
        1,
        async (reason) => {
          const id = await server.asked(reason);
          await server.decide(id, 'approve');
          await server.revoke(id);
          await server.polled(id);
          await server.world.reconcile();
        },
      ],
    ];
    it.each(cases)('%s', async (name, exit, act) => {
      const login = await server.login(`w${cases.findIndex((each) => each[0] === name)}`);
      const [ran] = await Promise.all([p0(login, 'request', 'pg', 'role', 'readwrite', '--reason', name, '-w'), act(name)]);
      expect(ran, ran.stderr).toMatchObject({ exit });
      const id = await server.asked(name);
      expect(ran.stderr).toContain(id);
      expect(ran.stderr.includes('could not be set up')).toBe(name.includes('target'));
      sent('request', 'pg', 'role', 'readwrite', '--reason', name);
      expect(server.proxy.sent()).toContain(`GET /o/demo/command/${id}/poll HTTP/1.1`);
    });

    it('is 4 where the server lets nobody wait any longer', async () => {
      const login = { ...(await server.login('w9')), url: server.impatientUrl };
      expect((await p0(login, 'request', 'pg', 'role', 'readonly', '--reason', 'late', '-w')).exit).toBe(4);
    });

    it('goes on waiting after its line was cut', async () => {
      const running = p0(await server.login('w10'), 'request', 'pg', 'role', 'readonly', '--reason', 'cut', '--wait');
      const id = await server.asked('cut');
      await server.polled(id);
      server.server.closeAllConnections();
      await expect.poll(() => server.proxy.sent().split(`${id}/poll`).length - 1, { timeout: patience }).toBeGreaterThan(1);
      await server.decide(id, 'approve');
      await server.world.reconcile();
      expect((await running).exit).toBe(0);
    });
  });

  describe('p0 grant and p0 allow', { timeout: patience }, () => {
    it('asks for somebody else', async () => {
      const words = ['grant', 'pg', 'role', 'readonly', '--to', 'g1@example.com', '--requested-duration', '2 hours', '--reason', 'for g1'];
      const [ran] = await Promise.all([
        p0(await server.login('g0'), ...words, '-w'),
        server.asked('for g1').then(async (id) => {
          await server.decide(id, 'approve');
          await server.world.reconcile();
        }),
      ]);
      expect(ran, ran.stderr).toMatchObject({ exit: 0 });
      expect(ran.stderr).toContain('for g1@example.com');
      sent(...words);
      expect(server.world.target.held).toContain('g1:readonly');
    });

    it('opens a window, in which nobody is asked', async () => {
      const words = ['allow', 'pg', 'role', 'readwrite', '--to', 'g2@example.com', '--length', '5 days', '--requested-duration', '1 hour'];
      const [start, end] = [1, 3].map((days) => new Date(Date.now() + days * 86_400_000));
      const usDate = (at = new Date()) => `${at.getUTCMonth() + 1}/${at.getUTCDate()}/${at.getUTCFullYear()}`;
      const planned = ['allow', 'pg', 'role', 'readonly', '--to', 'g2@example.com', '--start', usDate(start), '--end', usDate(end)];
      for (const each of [words, [...words, '-w'], [...planned, '--request-duration', '1 hour']]) {
        const ran = await p0(carol, ...each);
        expect(ran, ran.stderr).toMatchObject({ exit: 0 });
        expect(ran.stderr).toContain('Pre-approved g2@example.com');
        if (each.includes('--end')) expect(ran.stderr).toContain(`to ${end?.toISOString().slice(0, 10)} 00:00 UTC`);
      }
      sent(...words);
      sent(...planned, '--request-duration', '1 hour');
      const login = await server.login('g2');
      const asking = p0(login, 'request', 'pg', 'role', 'readwrite', '--duration', '1 hour', '--reason', 'inside', '-w');
      await server.polled(await server.asked('inside'));
      await server.world.reconcile();
      expect((await asking).exit).toBe(0);
    });

    it('is refused where it is not for this person to allow', async () => {
      const words = ['allow', 'pg', 'role', 'readonly', '--to', 'g3@example.com', '--length', '1 day'];
      const ran = await p0(await server.login('g4'), ...words);
      expect(ran).toMatchObject({ exit: 1, stderr: expect.stringContaining('cannot pre-approve') });
    });
  });

  describe('p0 ls', { timeout: patience }, () => {
    it('lists, and marks what one has', async () => {
      const login = await server.login('l1');
      const before = await p0(login, 'ls', 'pg', 'role');
      expect([before.exit, before.stdout.includes('readonly'), before.stdout.includes('*')]).toEqual([0, true, false]);
      sent('ls', 'pg', 'role', '--size', '30');
      await p0(login, 'request', 'pg', 'role', 'readwrite', '--reason', 'to be listed');
      await server.decide(await server.asked('to be listed'), 'approve');
      await server.world.reconcile();
      const after = await p0(login, 'ls', 'pg', 'role');
      expect(after.stdout).toMatch(/\* *readwrite/);
      const again = await p0(login, 'request', 'pg', 'role', 'readwrite', '--reason', 'although it is there');
      expect(again.stderr).toContain('has this access already');
      expect((await p0(alice, 'ls', 'pg', 'role', '--principal', 'l1@example.com')).stdout).toMatch(/\* *readwrite/);
      sent('ls', 'pg', 'role', '--principal', 'l1@example.com', '--size', '30');
      expect(server.proxy.sent()).toContain('POST /o/demo/command/ls HTTP/1.1');
      expect((await p0(login, 'ls', 'pg', 'role', '--principal', 'alice@example.com')).exit).toBe(1);
    });

    it('lists for everyone, as JSON, by search words, at most so many', async () => {
      const all = await p0(alice, 'ls', 'pg', 'role', '--all');
      expect([all.exit, all.stdout.includes('readonly')]).toEqual([0, true]);
      sent('ls', 'pg', 'role', '--all', '--size', '30');
      const one = await p0(alice, 'ls', 'pg', 'role', '--like', 'read', '--size', '1', '--json');
      sent('ls', 'pg', 'role', '--like', 'read', '--size', '2');
      expect(JSON.parse(one.stdout)).toMatchObject({ arg: 'role', term: 'read', isTruncated: false, items: [{ key: 'readonly' }] });
      const none = await p0(alice, 'ls', 'pg', 'role', '--like', 'read nothing', '--size', '0');
      sent('ls', 'pg', 'role', '--like', 'read nothing');
      expect(none.exit).toBe(0);
    });
  });

  describe('what is not understood, or not let in', { timeout: patience }, () => {
    it.each([
      ['request', 0],
      ['grant', 0],
      ['allow', 0],
      // The command prints a list or an error after `ls`, and nothing else.
      ['ls', 1],
    ] as const)('explains %s', async (name, exit) => {
      const ran = await p0(alice, name, '--help');
      expect(ran).toMatchObject({ exit, stderr: expect.stringContaining(` ${name} `) });
      expect(ran.stderr).toMatch(/Options:[^]*--help/);
    });

    it.each([
      [['request'], 'Missing: <service>, <access-type>, <resource>'],
      [['request', 'pg', 'role', 'readonly', '--colour', 'red'], '--colour'],
      [['request', 'pg', 'role', 'nobody'], 'readonly'],
      [['request', 'pg', 'role', 'readonly', '--duration', 'soon'], 'soon'],
      [['request', 'pg', 'role', 'readonly', 'too', 'much', '-w'], 'too many words'],
      [['grant', 'pg', 'role', 'readonly'], '--to'],
      [['grant', 'pg', 'role', 'readonly', '--to', 'nobody'], 'nobody'],
      [['allow', 'pg', 'role', 'readonly', '--to', 'bob@example.com'], '--length'],
      [['allow', 'pg', 'role', 'readonly', '--to', 'bob@example.com', '--length', '1 day', '--start', 'soon'], '--start'],
      [['allow', 'pg', 'role', 'readonly', '--to', 'bob@example.com', '--length', '1 day', '--end', '2/5/2099'], 'not both'],
      [['ls', 'nowhere'], 'pg'],
      [['ls', '--colour'], '--colour'],
    ])('refuses %j with what would be right', async (words, text) => {
      const ran = await p0(alice, ...words);
      expect(ran).toMatchObject({ exit: 1, stdout: '', stderr: expect.stringContaining(text) });
    });

    it('refuses a token that is none, and an organisation that is not there', async () => {
      const stranger = await p0({ ...alice, token: 'TEST_TOKEN' }, 'ls');
      expect(stranger).toMatchObject({ exit: 1, stderr: expect.stringContaining('unknown, expired or revoked') });
      const elsewhere = await p0({ ...alice, org: 'other' }, 'request', 'pg', 'role', 'readonly', '-w');
      expect(elsewhere).toMatchObject({ exit: 1, stderr: expect.stringContaining('Not found') });
    });
  });
}
