import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Integration } from '../../src/app/ports.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { inAnHour, postgresPlace } from '../support/postgres-target.ts';
import type { TargetPlace } from '../support/target-place.ts';

const targets: readonly [string, () => Promise<TargetPlace>][] = [['pg', postgresPlace]];

const password = 'a-Password.that_we-made';
const absent = { kind: 'observed', observed: 'absent' };
const present = { kind: 'observed', observed: 'present' };
const soon = (ms = 10_000) => AbortSignal.timeout(ms);
const options = (reset = false) => ({ until: inAnHour(), password, resetPassword: reset });

describe.each(targets)('an integration keeps its contract: %s', (_, start) => {
  let place: TargetPlace;
  let target: Integration;
  beforeAll(async () => {
    place = await start();
    target = place.integration();
  });
  afterAll(async () => {
    await target[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  const through = async () => {
    const proxy = await startFaultProxy(place.url);
    const faulty = place.integration(proxy.through(place.url));
    onTestFinished(async () => {
      await faulty[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    });
    return { proxy, faulty };
  };

  it('offers what can be asked for, without a connection', () => {
    const offered = target.catalog().map(({ accessType, resource }) => ({ accessType, resource }));
    expect(offered).toEqual([0, 1].map((which) => ({ accessType: 'role', resource: place.right('x', which === 0 ? 0 : 1).resource })));
  });

  it('gives what was asked for, says so after reading it back, and takes it away again', async () => {
    const right = place.right(place.account());
    expect(await target.observe([right], soon())).toEqual(['absent']);
    expect(await target.ensurePresent(right, options(), soon())).toMatchObject({ result: present, passwordSet: true });
    expect(await target.observe([right, place.right(right.account, 1)], soon())).toEqual(['present', 'absent']);
    expect(await place.uses(right, password)).toBe(true);
    expect(await place.uses(right, 'another-password')).toBe(false);
    expect(await target.ensureAbsent([right], soon())).toMatchObject([{ result: absent, sessionsEnded: 0, accountGone: true }]);
    expect(await target.observe([right], soon())).toEqual(['absent']);
    expect(await place.uses(right, password)).toBe(false);
  });

  it('gives and takes twice without harm', async () => {
    const right = place.right(place.account());
    await target.ensurePresent(right, options(), soon());
    expect(await target.ensurePresent(right, { ...options(), password: 'another-one' }, soon())).toMatchObject({
      result: present,
      passwordSet: false,
    });
    expect(await place.uses(right, password)).toBe(true);
    for (let i = 0; i < 2; i += 1) expect((await target.ensureAbsent([right], soon()))[0]?.result).toEqual(absent);
  });

  it('takes away what nobody has, in any name', async () => {
    const names = [
      place.account(),
      '"; drop table orders; --',
      "o'hara",
      'Ünïcode',
      '',
      'a\0b',
      '\ud800',
      'x'.repeat(300),
      '$1',
      '$curfew$',
    ];
    const removals = await target.ensureAbsent(
      names.map((name) => place.right(name)),
      soon(),
    );
    expect(removals.map(({ result }) => result)).toEqual(names.map(() => absent));
    expect(
      await target.observe(
        names.map((name) => place.right(name)),
        soon(),
      ),
    ).toEqual(names.map(() => 'absent'));
    for (const name of names.slice(1)) {
      const { result } = await target.ensurePresent(place.right(name), options(), soon());
      expect(result).toMatchObject({ kind: 'refused', permanent: true });
    }
    const odd = { ...place.right(place.account()), resource: '"; drop table orders; --' };
    expect((await target.ensurePresent(odd, options(), soon())).result).toMatchObject({ kind: 'refused', permanent: true });
    expect((await target.ensureAbsent([odd], soon()))[0]?.result).toEqual(absent);
  });

  it('ends open sessions, and answers only when they are gone', async () => {
    const right = place.right(place.account());
    await target.ensurePresent(right, options(), soon());
    const sessions = [await place.opens(right, password), await place.opens(right, password)];
    expect(await target.ensureAbsent([right], soon())).toMatchObject([{ result: absent, sessionsEnded: 2, accountGone: true }]);
    await Promise.all(sessions.map(({ cut }) => cut));
  });

  it('leaves the other right of an account alone', async () => {
    const account = place.account();
    const rights = [place.right(account, 0), place.right(account, 1)] as const;
    for (const right of rights) await target.ensurePresent(right, options(), soon());
    expect(await target.ensureAbsent([rights[1]], soon())).toMatchObject([{ result: absent, sessionsEnded: 0, accountGone: false }]);
    expect(await place.uses(rights[0], password)).toBe(true);
    const both = await target.ensureAbsent(rights, soon());
    expect(both.map(({ result, accountGone }) => [result, accountGone])).toEqual([
      [absent, true],
      [absent, true],
    ]);
    expect(await place.uses(rights[0], password)).toBe(false);
  });

  it('sees what was there before, and leaves an account that is not ours and its password', async () => {
    const right = place.right(place.account());
    await place.giveBehindOurBack(right);
    expect(await target.observe([right], soon())).toEqual(['present']);
    const other = place.right(right.account, 1);
    expect(await target.ensurePresent(other, options(true), soon())).toMatchObject({ result: present, passwordSet: false });
    expect(await target.ensureAbsent([other], soon())).toMatchObject([{ result: absent, sessionsEnded: 0, accountGone: false }]);
    expect(await place.uses(right, 'their-own-password')).toBe(true);
  });

  it('sees what somebody else has taken away, and gives it again', async () => {
    const right = place.right(place.account());
    await target.ensurePresent(right, options(), soon());
    await place.takeBehindOurBack(right);
    expect(await target.observe([right], soon())).toEqual(['absent']);
    expect(await place.uses(right, password)).toBe(false);
    expect((await target.ensurePresent(right, options(), soon())).result).toEqual(present);
    expect(await place.uses(right, password)).toBe(true);
    await target.ensureAbsent([right], soon());
  });

  describe('where it can mark what is ours', () => {
    const listed = async (of: Integration, account: string) => {
      const all = (await of.tagged?.list(soon())) ?? [];
      return all === 'unknown' ? all : all.filter(({ right }) => right.account === account);
    };

    it('lists what it gave, until it is gone', async () => {
      const account = place.account();
      const rights = [place.right(account, 0), place.right(account, 1)];
      for (const right of rights) await target.ensurePresent(right, options(), soon());
      // The mark is at the target, not with whoever set it.
      await using another = place.integration();
      expect(await listed(another, account)).toEqual(rights.map((right) => ({ right, isOurs: true })));
      await target.ensureAbsent(rights, soon());
      expect(await listed(target, account)).toEqual([]);
    });

    it('takes away what is listed, with its sessions and its account', async () => {
      const right = place.right(place.account());
      await target.ensurePresent(right, options(), soon());
      const session = await place.opens(right, password);
      expect(await target.tagged?.remove([right], soon())).toMatchObject([{ result: absent, sessionsEnded: 1, accountGone: true }]);
      await session.cut;
      expect(await listed(target, right.account)).toEqual([]);
    });

    it('lists an account of ours that has nothing any more, and takes it away', async () => {
      const right = place.right(place.account());
      await target.ensurePresent(right, options(), soon());
      await place.takeBehindOurBack(right);
      const bare = { ...right, resource: '' };
      expect(await listed(target, right.account)).toEqual([{ right: bare, isOurs: true }]);
      expect(await target.tagged?.remove([bare], soon())).toMatchObject([{ result: absent, sessionsEnded: 0, accountGone: true }]);
      expect(await listed(target, right.account)).toEqual([]);
    });

    it('does not take for its own what was there before', async () => {
      const right = place.right(place.account());
      await place.giveBehindOurBack(right);
      await target.ensurePresent(right, options(), soon());
      const all = await listed(target, right.account);
      expect(all === 'unknown' ? all : all.filter(({ isOurs }) => isOurs)).toEqual([]);
    });

    it.each(['lose', 'drop', 'swallow'] as const)('never calls a list empty that it did not get (%s)', async (does) => {
      const { proxy, faulty } = await through();
      const right = place.right(place.account());
      await target.ensurePresent(right, options(), soon());
      proxy.plan({ when: place.changes, does });
      expect(await faulty.tagged?.list(soon(1_000))).toBe('unknown');
      proxy.plan({ when: place.changes, does });
      expect(await faulty.observe([right], soon(1_000))).toEqual(['unknown']);
      expect(await listed(faulty, right.account)).toHaveLength(1);
      await target.ensureAbsent([right], soon());
    });
  });

  it('sets the password of an account that we made only when told to', async () => {
    const right = place.right(place.account());
    await target.ensurePresent(right, { ...options(), password: 'the-first-one' }, soon());
    expect(await target.ensurePresent(right, options(true), soon())).toMatchObject({ result: present, passwordSet: true });
    expect(await place.uses(right, password)).toBe(true);
    await target.ensureAbsent([right], soon());
  });

  it('sends nothing to a target that is away, and says nothing about it', async () => {
    const { proxy, faulty } = await through();
    await proxy[Symbol.asyncDispose]();
    const right = place.right(place.account());
    const { result } = await faulty.ensurePresent(right, options(), soon());
    expect(result).toMatchObject({ kind: 'unsent' });
    expect((await faulty.ensureAbsent([right], soon()))[0]?.result).toMatchObject({ kind: 'unsent' });
    expect(await faulty.observe([right], soon())).toEqual(['unknown']);
    const { password: secret, username } = new URL(place.url);
    expect(JSON.stringify(result)).not.toMatch(new RegExp(`${secret}|${username}:|postgres://`));
  });

  it.each(['lose', 'drop', 'swallow'] as const)(
    'calls a grant lost whose answer it did not get (%s), and removes it later',
    async (does) => {
      const { proxy, faulty } = await through();
      const right = place.right(place.account());
      proxy.plan({ when: place.changes, does });
      const began = performance.now();
      const { result, passwordSet } = await faulty.ensurePresent(right, options(), soon(1_000));
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(result).toMatchObject({ kind: 'lost' });
      expect(passwordSet).toBe(false);
      expect(await target.observe([right], soon())).toEqual([does === 'drop' ? 'absent' : 'present']);
      expect((await faulty.ensureAbsent([right], soon()))[0]).toMatchObject({ result: absent, accountGone: true });
      expect(await place.uses(right, password)).toBe(false);
    },
  );

  it.each(['lose', 'drop', 'swallow'] as const)('calls a removal lost whose answer it did not get (%s), and repeats it', async (does) => {
    const { proxy, faulty } = await through();
    const right = place.right(place.account());
    await target.ensurePresent(right, options(), soon());
    proxy.plan({ when: place.changes, does });
    expect((await faulty.ensureAbsent([right], soon(1_000)))[0]?.result).toMatchObject({ kind: 'lost' });
    expect((await faulty.ensureAbsent([right], soon()))[0]).toMatchObject({ result: absent, accountGone: true });
  });

  it('does not wait for somebody who occupies the account', async () => {
    const right = place.right(place.account());
    await target.ensurePresent(right, options(), soon());
    await using occupied = await place.occupy(right);
    const began = performance.now();
    expect((await target.ensurePresent(right, options(true), soon())).result).toMatchObject({ kind: 'refused', permanent: false });
    expect(performance.now() - began).toBeLessThan(5_000);
    await occupied[Symbol.asyncDispose]();
    expect((await target.ensureAbsent([right], soon()))[0]?.result).toEqual(absent);
  });

  it('removes 200 rights at once although one of them cannot be', async () => {
    const rights = Array.from({ length: 200 }, () => place.right(place.account()));
    const given = await Promise.all(rights.map(async (right) => (await target.ensurePresent(right, options(), soon())).result));
    expect(given).toEqual(rights.map(() => present));
    const poisoned = rights[77]!;
    await using occupied = await place.occupy(poisoned);
    const removals = await target.ensureAbsent(rights, soon());
    expect(removals.map(({ result }) => result.kind)).toEqual(rights.map((right) => (right === poisoned ? 'refused' : 'observed')));
    expect(removals.filter(({ accountGone }) => accountGone)).toHaveLength(199);
    await occupied[Symbol.asyncDispose]();
    expect(await target.ensureAbsent([poisoned], soon())).toMatchObject([{ result: absent, sessionsEnded: 0, accountGone: true }]);
  });

  it('acts on one account from two sides at once', async () => {
    const other = place.integration();
    const account = place.account();
    for (let round = 0; round < 10; round += 1) {
      const [one, two] = await Promise.all([
        target.ensurePresent(place.right(account, 0), options(), soon()),
        other.ensurePresent(place.right(account, 1), options(), soon()),
      ]);
      expect([one.result, two.result]).toEqual([present, present]);
      expect(one.passwordSet).not.toBe(two.passwordSet);
      const removals = await Promise.all([
        target.ensureAbsent([place.right(account, 0)], soon()),
        other.ensureAbsent([place.right(account, 1)], soon()),
      ]);
      expect(removals.flat().map(({ result }) => result)).toEqual([absent, absent]);
      expect(await place.uses(place.right(account), password)).toBe(false);
    }
    await other[Symbol.asyncDispose]();
  });

  it('gives an account anew while its last right is removed, and says rightly which password opens it', async () => {
    const other = place.integration();
    const account = place.account();
    const [kept, gone] = [place.right(account, 0), place.right(account, 1)];
    for (let round = 0; round < 20; round += 1) {
      await target.ensurePresent(gone, { ...options(), password: 'the-one-before' }, soon());
      const [[removal], given] = await Promise.all([other.ensureAbsent([gone], soon()), target.ensurePresent(kept, options(), soon())]);
      expect([removal?.result, given.result]).toEqual([absent, present]);
      expect(await place.uses(kept, given.passwordSet ? password : 'the-one-before')).toBe(true);
      expect((await target.ensureAbsent([kept], soon()))[0]).toMatchObject({ result: absent, accountGone: true });
    }
    await other[Symbol.asyncDispose]();
  });

  it('never sends the password', async () => {
    const { proxy, faulty } = await through();
    const right = place.right(place.account());
    await faulty.ensurePresent(right, options(), soon());
    await faulty.ensurePresent(right, options(true), soon());
    expect(proxy.sent()).toContain(right.account);
    expect(proxy.sent()).not.toContain(password);
    await faulty.ensureAbsent([right], soon());
  });

  it('stops at once when told to', async () => {
    const right = place.right(place.account());
    expect((await target.ensurePresent(right, options(), AbortSignal.abort())).result).toMatchObject({ kind: 'unsent' });
    expect((await target.ensureAbsent([right], AbortSignal.abort()))[0]?.result).toMatchObject({ kind: 'unsent' });
    expect(await target.observe([right], AbortSignal.abort())).toEqual(['unknown']);
  });
});
