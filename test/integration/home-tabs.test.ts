import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { HomeDrawn } from '../../src/app/home-tabs-store.ts';
import type { Caller, Messenger } from '../../src/app/ports.ts';
import { digestOf } from '../../src/domain/digest.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { createWorld, org, type World } from '../support/world.ts';

let world: World;
let alice: Caller;
let bob: Caller;
let carol: Caller;
let dave: Caller;
let published: string[];
let fail: (account: string) => boolean;
let refused: Set<Account>;
let meanwhile: () => Promise<void>;

beforeEach(async () => {
  world = await createWorld();
  [alice, bob, carol, dave] = await Promise.all([world.caller('alice'), world.caller('bob'), world.caller('carol'), world.caller('dave')]);
  published = [];
  fail = () => false;
  refused = new Set();
  meanwhile = async () => undefined;
});
afterEach(() => world[Symbol.asyncDispose]());

const callers = () => ({ A: alice, B: bob, C: carol, D: dave });
type Account = keyof ReturnType<typeof callers>;

/** What a tab shows, without Slack. */
async function look(who: Caller): Promise<HomeDrawn> {
  const { extendBy, ...home } = await world.useCases.home(who);
  const shown = digestOf(JSON.parse(JSON.stringify([home, [...(extendBy ?? [])]])));
  const { overdueCount: overdue, driftStamp: drift } = home;
  return { person: who.person.id, shown, place: '', waiting: home.waiting.requests.map(({ id }) => id), overdue, drift };
}

async function open(account: Account): Promise<void> {
  // When it is opened for the first time it is not known whose it is, and it is looked at once more.
  for (let at = 0; at < 2; at += 1) {
    const begun = await world.store.home.tabs.begin(org, account);
    await world.store.home.tabs.drawn(org, account, begun, await seenBy(account));
  }
}

const seenBy = async (account: Account): Promise<HomeDrawn> =>
  refused.has(account)
    ? { person: undefined, shown: 'refused', place: '', waiting: [], overdue: undefined, drift: undefined }
    : look(callers()[account]);

const drawHome: Messenger['drawHome'] = async ({ account, shown }) => {
  const drawn = await seenBy(account as Account);
  await meanwhile();
  if (drawn.shown === shown) return drawn;
  if (fail(account)) throw new Error('Slack is away');
  published.push(account);
  return drawn;
};
const work = () => createWork({ ...world.deps, messenger: { ...world.messenger, drawHome }, jobs: world.jobs, hands: world.hands });

/** As though so much time had passed for the tabs; then what is due is drawn, in whatever process. */
async function pass(seconds: number): Promise<string[]> {
  const columns = ['opened_at', 'drawn_at', 'publish_at', 'lease_until'];
  await world.pool.query(`update homes set ${columns.map((each) => `${each} = ${each} - $1::float8 * interval '1 second'`).join(', ')}`, [
    seconds,
  ]);
  for (;;) {
    const before = world.woken.length;
    await work().homes();
    const jobs = world.woken.slice(before).flatMap((job) => (job.kind === 'home' ? [job] : []));
    expect(jobs.length).toBeLessThanOrEqual(2);
    if (jobs.length === 0) break;
    for (const { account } of jobs) await work().drawHome(account);
  }
  return published.splice(0).toSorted();
}

async function ask(who: Caller): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: 'sample' };
  const asked = await world.useCases.submitRequest(who, { right, reason: undefined, duration: 3600 as DurationSeconds, to: undefined });
  if (!asked.ok) throw new Error(JSON.stringify(asked));
  await work().notify(asked.value.request.id);
  return asked.value.request;
}
const decide = async (who: Caller, { id }: PermissionRequest, kind: 'approve' | 'deny'): Promise<void> => {
  const verdict = kind === 'approve' ? ({ kind, duration: undefined, digest: undefined } as const) : ({ kind, reason: undefined } as const);
  expect((await world.useCases.decideRequest(who, id, verdict)).ok).toBe(true);
  await world.reconcile();
  await work().notify(id);
};

it('draws anew the tabs of those whom a change concerns, and no other', async () => {
  await Promise.all((['A', 'B', 'C', 'D'] as const).map(open));
  expect(await pass(60)).toEqual([]);
  const request = await ask(bob);
  // Not at once: what follows comes along.
  await work().homes();
  expect(world.woken.filter(({ kind }) => kind === 'home')).toEqual([]);
  // Dave is no reviewer.
  expect(await pass(2)).toEqual(['A', 'B', 'C']);
  await decide(alice, request, 'approve');
  expect(await pass(10)).toEqual(['A', 'B', 'C']);
  // What changed nothing that they show draws nothing.
  await work().notify(request.id);
  expect(await pass(10)).toEqual([]);
});

it('draws each once in some seconds, however much happens', async () => {
  await open('C');
  await pass(60);
  const first = await ask(bob);
  await decide(alice, first, 'deny');
  const second = await ask(bob);
  expect(await pass(2)).toEqual(['C']);
  await decide(alice, second, 'deny');
  expect(await pass(2)).toEqual([]);
  expect(await pass(4)).toEqual(['C']);
});

it('tries again where Slack is away or a process ended, and is silent about those who have not looked for a day', async () => {
  await Promise.all((['B', 'C'] as const).map(open));
  await pass(60);
  fail = (account) => account === 'C';
  const request = await ask(bob);
  expect(await pass(2)).toEqual(['B']);
  fail = () => false;
  expect(await pass(2)).toEqual([]);
  expect(await pass(10)).toEqual(['C']);

  await decide(alice, request, 'deny');
  await pass(0);
  // Claimed by somebody who does not come back.
  await world.pool.query(`update homes set publish_at = now()`);
  await work().homes();
  await world.store.home.tabs.claim(org, 'C');
  expect(await pass(1)).toEqual([]);
  expect(await pass(31)).toContain('C');

  await pass(24 * 3600);
  await ask(bob);
  expect(await pass(60)).toEqual([]);
  await work().forget();
  expect((await world.pool.query('select from homes')).rowCount).toBe(0);
});

it('draws without the queue where that does not take it', async () => {
  await open('C');
  await pass(60);
  await ask(bob);
  world.jobs.wake = () => Promise.reject(new Error('the queue is away'));
  expect(await pass(2)).toEqual(['C']);
  const { rows } = await world.pool.query('select publish_at from homes');
  expect(rows).toEqual([{ publish_at: null }]);
  expect(world.lines.at(-1)?.message).toContain('drawn without the queue');
});

it('draws once more where two drew at the same time, because nobody knows whose came last', async () => {
  await open('C');
  await pass(60);
  await ask(bob);
  meanwhile = async () => {
    meanwhile = async () => undefined;
    await open('C');
  };
  // Once by us, and again because she opened it while we did.
  expect(await pass(2)).toEqual(['C']);
  expect(await pass(2)).toEqual(['C']);
  expect(await pass(60)).toEqual([]);
});

it('draws a tab anew of which it is not known that it was drawn', async () => {
  await world.store.home.tabs.begin(org, 'B');
  expect(await pass(10)).toEqual([]);
  expect(await pass(25)).toEqual(['B']);
  expect(await pass(60)).toEqual([]);
});

it('tells owners and reviewers of what somebody else has changed at a target, and when it is settled', async () => {
  await Promise.all((['A', 'B', 'C'] as const).map(open));
  await pass(60);
  const look = async () => {
    await world.pool.query('update target_rounds set due_at = now()');
    await work().findOrphans();
    await work().remind();
  };
  world.target.held.add('mallory:readwrite');
  world.target.marked.add('mallory:readwrite');
  await look();
  expect(await pass(10)).toEqual(['A', 'C']);
  await look();
  expect(await pass(10)).toEqual([]);
  world.target.held.clear();
  await look();
  expect(await pass(10)).toEqual(['A', 'C']);
});

it('tells owners and reviewers of what is overdue when it becomes so, and when it is gone', async () => {
  const request = await ask(bob);
  await decide(alice, request, 'approve');
  await Promise.all((['A', 'B', 'C', 'D'] as const).map(open));
  await pass(60);
  await world.passTime('3 hours');
  await work().remind();
  expect(await pass(10)).toEqual(['A', 'C']);
  await work().remind();
  expect(await pass(10)).toEqual([]);
  await world.reconcile();
  await work().remind();
  expect(await pass(10)).toEqual(['A', 'C']);
});

it('shows what other policies and roles mean for those who look, whoever changed them', async () => {
  await ask(bob);
  await Promise.all((['A', 'B', 'C', 'D'] as const).map(open));
  await work().remind();
  expect(await pass(60)).toEqual([]);
  const bound = await world.useCases.roles.bind(alice, 'manager', { kind: 'user', name: dave.person.email });
  expect(bound.ok).toBe(true);
  await work().remind();
  // Dave may decide now what he could not before; of the others nobody sees a difference.
  expect(await pass(10)).toEqual(['D']);
  const denied = { name: 'none', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'deny' }] } as const;
  expect((await world.useCases.policies.create(alice, 'none', denied)).ok).toBe(true);
  await work().remind();
  expect(await pass(10)).toEqual(expect.arrayContaining(['A', 'C', 'D']));
  await work().remind();
  expect(await pass(10)).toEqual([]);
});

const account = (user: Account) => ({ provider: 'slack', workspace: 'T0TABS001', user }) as const;
const link = (user: Account) => world.store.linkAgain(org, { ...account(user), email: callers()[user].person.email });
/** By its person; from then on it is refused. */
async function unlink(user: Account): Promise<void> {
  expect((await world.useCases.accounts.unlink(callers()[user], account(user))).ok).toBe(true);
  refused.add(user);
}

describe('the tab of an account whose link is taken back', () => {
  beforeEach(async () => {
    // Of the accounts in this workspace alone.
    await world.pool.query('delete from identities');
    await Promise.all((['B', 'C'] as const).map(link));
    await Promise.all((['B', 'C'] as const).map(open));
    expect(await pass(60)).toEqual([]);
  });

  it('is drawn anew, with whatever it says then, and once more when it is linked again', async () => {
    await unlink('B');
    expect(await pass(10)).toEqual(['B']);
    // What is asked, or other rules, show nothing to an account that is nobody's.
    const bound = await world.useCases.roles.bind(alice, 'manager', { kind: 'user', name: dave.person.email });
    expect(bound.ok).toBe(true);
    const request = await ask(bob);
    await work().remind();
    expect(await pass(10)).toEqual(['C']);
    refused.delete('B');
    await link('B');
    expect(await pass(10)).toEqual(['B']);
    await decide(alice, request, 'deny');
    expect(await pass(10)).toEqual(['B', 'C']);
  });

  it('is drawn anew also where an owner took it back, and where it was opened longer ago than a day', async () => {
    await pass(30 * 3600);
    await work().forget();
    expect((await world.pool.query('select from homes')).rowCount).toBe(0);
    expect((await world.useCases.accounts.unlinkPerson(alice, bob.person.email)).ok).toBe(true);
    refused.add('B');
    expect(await pass(10)).toEqual(['B']);
    expect(await pass(60)).toEqual([]);
  });

  it('is drawn anew where it was being drawn at that moment, by a worker or for somebody who looks', async () => {
    await ask(bob);
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await unlink('B');
    };
    expect(await pass(2)).toEqual(['B', 'C']);
    expect(await pass(6)).toEqual(['B']);
    expect(await pass(60)).toEqual([]);

    refused.delete('B');
    await link('B');
    const begun = await world.store.home.tabs.begin(org, 'B');
    const late = await seenBy('B');
    await unlink('B');
    expect(await pass(60)).toEqual([]);
    await world.store.home.tabs.drawn(org, 'B', begun, late);
    expect(await pass(2)).toEqual(['B']);
    expect(await pass(60)).toEqual([]);
  });

  it('is drawn anew when Slack is back', async () => {
    fail = () => true;
    await unlink('B');
    expect(await pass(2)).toEqual([]);
    fail = () => false;
    expect(await pass(10)).toEqual(['B']);
  });
});

it('draws anew the tab of an account of which something changed', async () => {
  await Promise.all((['B', 'C'] as const).map(open));
  await pass(60);
  refused.add('B').add('C');
  await world.store.accountChanges.add(org, 'B');
  expect(await pass(2)).toEqual(['B']);
});
