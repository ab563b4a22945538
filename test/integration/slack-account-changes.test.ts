import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.ts';
import { Unreachable } from '../../src/app/unreachable.ts';
import { posting } from '../../src/domain/posting.ts';
import { accept } from '../../src/domain/result.ts';
import { must, someRequest } from '../support/http-app.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** People of this test alone: links are kept. */
let made = 0;
const someone = (name: string) => {
  made += 1;
  return { id: `U0CHG${String(made).padStart(4, '0')}`, name: `${name}${made}` };
};
const answered: string[] = [];
const over = (): Partial<UseCases> => ({
  ...world.useCases,
  runCommand: async (caller) => {
    answered.push(caller.person.email);
    return accept({ kind: 'help', text: `you are ${caller.person.email}` });
  },
});
const said = async (running: RunningSlack, who: string, words: string): Promise<void> => {
  const { workspace } = running.slack;
  await workspace.as(who).command('/access status');
  await workspace.until(() => JSON.stringify(workspace.as(who).ephemerals()).includes(words));
};

describe.each<Mode>(['socket', 'http'])('an account that changes, over %s', (mode) => {
  /** Two processes over one database. The workspace of the other says nothing of what changes. */
  const both = async (who: { readonly id: string; readonly name: string }) => {
    const begin = () => startSlackApp(mode, over(), 'approvals', { people: [who] });
    return { one: await begin(), other: await begin() };
  };
  const changeBoth = async (one: RunningSlack, other: RunningSlack, id: string, patch: { readonly isRestricted: boolean }) => {
    Object.assign(must(other.slack.workspace.state.people.get(id)), patch);
    await one.slack.workspace.changePerson(id, patch);
  };

  it('is taken for what it is now by the processes too that were not told', async () => {
    const moved = someone('moved');
    const { one, other } = await both(moved);
    await using _one = one;
    await using _other = other;
    await said(other, moved.id, `you are ${moved.name}@example.com`);
    const asked = () => other.slack.workspace.calls.filter(({ method }) => method === 'users.info').length;
    const before = asked();
    await said(other, moved.id, `you are ${moved.name}@example.com`);
    expect(asked()).toBe(before);
    await changeBoth(one, other, moved.id, { isRestricted: true });
    await said(other, moved.id, 'Guests');
    answered.length = 0;
    await changeBoth(one, other, moved.id, { isRestricted: false });
    await other.slack.workspace.as(moved.id).command('/access status');
    await expect.poll(() => answered).toEqual([`${moved.name}@example.com`]);
  });

  it('is written to, or not, by what it is now', async () => {
    const left = someone('left');
    const { one, other } = await both(left);
    await using _one = one;
    await using _other = other;
    const request = { ...someRequest(), requestor: { ...someRequest().requestor, email: email(`${left.name}@example.com`) } };
    const picture = { request, choice: undefined, approvers: [], usage: undefined, secretWaits: false };
    await other.app.messenger.post(posting('request'), picture, undefined);
    await changeBoth(one, other, left.id, { isRestricted: true });
    await expect(other.app.messenger.post(posting('request'), picture, undefined)).rejects.toThrow(Unreachable);
  });

  it('is put down before that is acknowledged, and not acknowledged where it cannot be', async () => {
    const erin = someone('erin');
    const marks = world.useCases.accountChanges;
    let isAway = true;
    const accountChanges: UseCases['accountChanges'] = {
      ...marks,
      add: (at, account) => (isAway ? Promise.reject(new Error('the database is away')) : marks.add(at, account)),
    };
    await using running = await startSlackApp(mode, { ...over(), accountChanges }, 'approvals', { people: [erin] });
    const { workspace } = running.slack;
    const event = () => workspace.deliverEvent({ type: 'user_change', user: { id: erin.id } });
    expect((await event()).kind).not.toBe('acked');
    expect(await marks.mark(org, erin.id)).toBeUndefined();
    isAway = false;
    expect((await event()).kind).toBe('acked');
    const mark = await marks.mark(org, erin.id);
    expect(mark).toBeDefined();
    // Twice is no harm.
    await workspace.deliver(must(workspace.sent.at(-1)), { timestampSeconds: Math.floor(Date.now() / 1000) + 5 });
    expect(await marks.mark(org, erin.id)).not.toBe(mark);
    await said(running, erin.name, `you are ${erin.name}@example.com`);
  });
});

it('forgets after an hour that an account changed', async () => {
  const marks = world.store.accountChanges;
  await marks.add(org, 'U0OLD0001');
  await marks.add(org, 'U0NEW0001');
  await world.pool.query(`update account_changes set changed_at = changed_at - interval '61 minutes' where account = 'U0OLD0001'`);
  await world.work.forget();
  expect(await Promise.all(['U0OLD0001', 'U0NEW0001'].map((account) => marks.mark(org, account)))).toEqual([undefined, expect.any(String)]);
});
