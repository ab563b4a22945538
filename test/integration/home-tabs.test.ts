import { expect, it } from 'vitest';
import { homeTabs } from '../support/home-tabs.ts';
import { tellAgain } from '../support/tell-again.ts';
import { org } from '../support/world.ts';

const { world, by, slack, work, open, pass, ask, decide } = homeTabs();

it('draws anew the tabs of those whom a change concerns, and no other', async () => {
  await Promise.all((['A', 'B', 'C', 'D'] as const).map(open));
  expect(await pass(60)).toEqual([]);
  const request = await ask('bob');
  // Not at once: what follows comes along.
  await work().homes();
  expect(world().woken.filter(({ kind }) => kind === 'home')).toEqual([]);
  // Dave is no reviewer.
  expect(await pass(2)).toEqual(['A', 'B', 'C']);
  await decide('alice', request, 'approve');
  expect(await pass(10)).toEqual(['A', 'B', 'C']);
  // What changed nothing that they show draws nothing.
  await tellAgain({ pool: world().pool, work: work() }, request.id);
  expect(await pass(10)).toEqual([]);
});

it('draws each once in some seconds, however much happens', async () => {
  await open('C');
  await pass(60);
  const first = await ask('bob');
  await decide('alice', first, 'deny');
  const second = await ask('bob');
  expect(await pass(2)).toEqual(['C']);
  await decide('alice', second, 'deny');
  expect(await pass(2)).toEqual([]);
  expect(await pass(4)).toEqual(['C']);
});

it('tries again where Slack is away or a process ended, and is silent about those who have not looked for a day', async () => {
  await Promise.all((['B', 'C'] as const).map(open));
  await pass(60);
  slack.fail = (account) => account === 'C';
  const request = await ask('bob');
  expect(await pass(2)).toEqual(['B']);
  slack.fail = () => false;
  expect(await pass(2)).toEqual([]);
  expect(await pass(10)).toEqual(['C']);

  await decide('alice', request, 'deny');
  await pass(0);
  // Claimed by somebody who does not come back.
  await world().pool.query(`update homes set publish_at = now()`);
  await work().homes();
  await world().store.home.tabs.claim(org, 'C');
  expect(await pass(1)).toEqual([]);
  expect(await pass(31)).toContain('C');

  await pass(24 * 3600);
  await ask('bob');
  expect(await pass(60)).toEqual([]);
  await work().forget();
  expect((await world().pool.query('select from homes')).rowCount).toBe(0);
});

it('draws without the queue where that does not take it', async () => {
  await open('C');
  await pass(60);
  await ask('bob');
  world().jobs.wake = () => Promise.reject(new Error('the queue is away'));
  expect(await pass(2)).toEqual(['C']);
  const { rows } = await world().pool.query('select publish_at from homes');
  expect(rows).toEqual([{ publish_at: null }]);
  expect(world().lines.at(-1)?.message).toContain('drawn without the queue');
});

it('draws once more where two drew at the same time, because nobody knows whose came last', async () => {
  await open('C');
  await pass(60);
  await ask('bob');
  slack.meanwhile = async () => {
    slack.meanwhile = async () => undefined;
    await open('C');
  };
  // Once by us, and again because she opened it while we did.
  expect(await pass(2)).toEqual(['C']);
  expect(await pass(2)).toEqual(['C']);
  expect(await pass(60)).toEqual([]);
});

it('draws a tab anew of which it is not known that it was drawn', async () => {
  await world().store.home.tabs.begin(org, 'B');
  expect(await pass(10)).toEqual([]);
  expect(await pass(25)).toEqual(['B']);
  expect(await pass(60)).toEqual([]);
});

it('tells owners and reviewers of what somebody else has changed at a target, and when it is settled', async () => {
  await Promise.all((['A', 'B', 'C'] as const).map(open));
  await pass(60);
  const look = async () => {
    await world().pool.query('update target_rounds set due_at = now()');
    await work().findOrphans();
    await work().remind();
  };
  world().target.held.add('mallory:readwrite');
  world().target.marked.add('mallory:readwrite');
  await look();
  expect(await pass(10)).toEqual(['A', 'C']);
  await look();
  expect(await pass(10)).toEqual([]);
  world().target.held.clear();
  await look();
  expect(await pass(10)).toEqual(['A', 'C']);
});

it('tells owners and reviewers of what is overdue when it becomes so, and when it is gone', async () => {
  const request = await ask('bob');
  await decide('alice', request, 'approve');
  await Promise.all((['A', 'B', 'C', 'D'] as const).map(open));
  await pass(60);
  await world().passTime('3 hours');
  await work().remind();
  expect(await pass(10)).toEqual(['A', 'C']);
  await work().remind();
  expect(await pass(10)).toEqual([]);
  await world().reconcile();
  await work().remind();
  expect(await pass(10)).toEqual(['A', 'C']);
});

it('shows what other policies and roles mean for those who look, whoever changed them', async () => {
  await ask('bob');
  await Promise.all((['A', 'B', 'C', 'D'] as const).map(open));
  await work().remind();
  expect(await pass(60)).toEqual([]);
  const bound = await world().useCases.roles.bind(by('alice'), 'manager', { kind: 'user', name: by('dave').person.email });
  expect(bound.ok).toBe(true);
  await work().remind();
  // Dave may decide now what he could not before; of the others nobody sees a difference.
  expect(await pass(10)).toEqual(['D']);
  const denied = { name: 'none', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'deny' }] } as const;
  expect((await world().useCases.policies.create(by('alice'), 'none', denied)).ok).toBe(true);
  await work().remind();
  expect(await pass(10)).toEqual(expect.arrayContaining(['A', 'C', 'D']));
  await work().remind();
  expect(await pass(10)).toEqual([]);
});
