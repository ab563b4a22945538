import { WebClient } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { createPeople } from '../../src/slack/people.ts';

/** A Web API that answers each question when it is told to. */
function slowSlack() {
  const waiting: ((name: string) => void)[] = [];
  const client = new WebClient('xoxb-test', {
    fetch: () =>
      new Promise((resolve) => {
        waiting.push((name) => resolve(Response.json({ ok: true, user: { id: 'U1', name } })));
      }),
  });
  return { people: createPeople(client, () => 0), waiting };
}

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

  it('does not keep what was asked before a change', async () => {
    const { people, waiting } = slowSlack();
    const before = people.account('U1');
    await expect.poll(() => waiting.length).toBe(1);
    people.forget('U1');
    const after = people.account('U1');
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.('guest');
    expect((await after)?.name).toBe('guest');
    waiting[0]?.('member');
    expect((await before)?.name).toBe('member');
    expect((await people.account('U1'))?.name).toBe('guest');
  });
});
