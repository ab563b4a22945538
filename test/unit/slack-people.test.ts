import { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { createPeople } from '../../src/slack/people.ts';
import { email } from '../support/world.ts';

/** A Web API that answers each question when it is told to; `change`: Slack says, to any process, that something changed. */
function slowSlack() {
  const waiting: ((name: string, email?: string) => void)[] = [];
  const methods: string[] = [];
  const client = new WebClient('xoxb-test', {
    fetch: (url) =>
      new Promise((resolve) => {
        methods.push(String(url).split('/').at(-1) ?? '');
        waiting.push((name, address = 'bob@example.com') =>
          resolve(Response.json({ ok: true, user: { id: 'U1', name, profile: { email: address } } })),
        );
      }),
  });
  let mark = 0;
  let nowMs = 0;
  const people = createPeople(
    client,
    () => nowMs,
    async () => (mark === 0 ? undefined : String(mark)),
    (_, call) => call(),
  );
  return { people, waiting, methods, change: () => void (mark += 1), pass: (ms: number) => void (nowMs += ms) };
}
const bob = email('bob@example.com');

describe('looking people up', () => {
  it('is one question about each, however many wait for it', async () => {
    const { people, waiting } = slowSlack();
    const looks = Array.from({ length: 60 }, () => people.account('U1'));
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.('bob');
    expect((await Promise.all(looks)).map((each) => each?.name)).toEqual(Array.from({ length: 60 }, () => 'bob'));
    expect((await people.account('U1'))?.name).toBe('bob');
    expect(waiting).toHaveLength(1);
  });

  it('does not believe what was asked before a change, whenever it is answered', async () => {
    const { people, waiting, change } = slowSlack();
    const before = people.account('U1');
    await expect.poll(() => waiting.length).toBe(1);
    change();
    const after = people.account('U1');
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.('guest');
    expect((await after)?.name).toBe('guest');
    waiting[0]?.('member');
    expect((await before)?.name).toBe('member');
    const now = people.account('U1');
    await expect.poll(() => waiting.length).toBe(3);
    waiting[2]?.('guest');
    expect((await now)?.name).toBe('guest');
    expect((await people.account('U1'))?.name).toBe('guest');
    expect(waiting).toHaveLength(3);
  });

  it('believes an answer for a minute from when it was asked for', async () => {
    const { people, waiting, pass } = slowSlack();
    const look = people.account('U1');
    await expect.poll(() => waiting.length).toBe(1);
    pass(59_999);
    waiting[0]?.('bob');
    await look;
    expect((await people.account('U1'))?.name).toBe('bob');
    pass(1);
    void people.account('U1');
    await expect.poll(() => waiting.length).toBe(2);
  });

  it('tells nothing of anybody where it cannot be told whether they changed', async () => {
    const client = new WebClient('xoxb-test', { fetch: async () => Response.json({ ok: true, user: { id: 'U1' } }) });
    const people = createPeople(
      client,
      () => 0,
      () => Promise.reject(new Error('the database is away')),
      (_, call) => call(),
    );
    await expect(people.account('U1')).rejects.toThrow('the database is away');
  });

  it('looks for the member of an address anew when the account that had it has another', async () => {
    const { people, waiting, methods, change } = slowSlack();
    const answered = async (ask: () => Promise<string | undefined>, ...answers: readonly (readonly [string, string])[]) => {
      const from = waiting.length;
      const look = ask();
      for (const [at, answer] of answers.entries()) {
        await expect.poll(() => waiting.length).toBe(from + at + 1);
        waiting[from + at]?.(...answer);
      }
      return look;
    };
    expect(await answered(() => people.idOf(bob), ['bob', 'bob@example.com'])).toBe('U1');
    expect(await answered(() => people.idOf(bob), ['bob', 'Bob@example.com'])).toBe('U1');
    expect(await people.idOf(bob)).toBe('U1');
    change();
    await answered(() => people.idOf(bob), ['bob', 'robert@example.com'], ['other', 'bob@example.com']);
    expect(methods).toEqual(['users.lookupByEmail', 'users.info', 'users.info', 'users.lookupByEmail']);
  });
});
