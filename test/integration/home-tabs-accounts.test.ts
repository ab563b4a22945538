import { beforeEach, describe, expect, it } from 'vitest';
import { type Account, homeTabs } from '../support/home-tabs.ts';
import { org } from '../support/world.ts';

const { world, by, callerOf, slack, work, seenBy, open, pass, ask, decide } = homeTabs();

const account = (user: Account) => ({ provider: 'slack', workspace: 'T0TABS001', user }) as const;
const link = (user: Account) => world().store.linkAgain(org, { ...account(user), email: callerOf(user).person.email });
/** By its person; from then on it is refused. */
async function unlink(user: Account): Promise<void> {
  expect((await world().useCases.accounts.unlink(callerOf(user), account(user))).ok).toBe(true);
  slack.refused.add(user);
}

describe('the tab of an account whose link is taken back', () => {
  beforeEach(async () => {
    // Of the accounts in this workspace alone.
    await world().pool.query('delete from identities');
    await Promise.all((['B', 'C'] as const).map(link));
    await Promise.all((['B', 'C'] as const).map(open));
    expect(await pass(60)).toEqual([]);
  });

  it('is drawn anew, with whatever it says then, and once more when it is linked again', async () => {
    await unlink('B');
    expect(await pass(10)).toEqual(['B']);
    // What is asked, or other rules, show nothing to an account that is nobody's.
    const bound = await world().useCases.roles.bind(by('alice'), 'manager', { kind: 'user', name: by('dave').person.email });
    expect(bound.ok).toBe(true);
    const request = await ask('bob');
    await work().remind();
    expect(await pass(10)).toEqual(['C']);
    slack.refused.delete('B');
    await link('B');
    expect(await pass(10)).toEqual(['B']);
    await decide('alice', request, 'deny');
    expect(await pass(10)).toEqual(['B', 'C']);
  });

  it('is drawn anew also where an owner took it back, and where it was opened longer ago than a day', async () => {
    await pass(30 * 3600);
    await work().forget();
    expect((await world().pool.query('select from homes')).rowCount).toBe(0);
    expect((await world().useCases.accounts.unlinkPerson(by('alice'), by('bob').person.email)).ok).toBe(true);
    slack.refused.add('B');
    expect(await pass(10)).toEqual(['B']);
    expect(await pass(60)).toEqual([]);
  });

  it('is drawn anew where it was being drawn at that moment, by a worker or for somebody who looks', async () => {
    await ask('bob');
    slack.meanwhile = async () => {
      slack.meanwhile = async () => undefined;
      await unlink('B');
    };
    expect(await pass(2)).toEqual(['B', 'C']);
    expect(await pass(6)).toEqual(['B']);
    expect(await pass(60)).toEqual([]);

    slack.refused.delete('B');
    await link('B');
    const begun = await world().store.home.tabs.begin(org, 'B');
    const late = await seenBy('B');
    await unlink('B');
    expect(await pass(60)).toEqual([]);
    await world().store.home.tabs.drawn(org, 'B', begun, late);
    expect(await pass(2)).toEqual(['B']);
    expect(await pass(60)).toEqual([]);
  });

  it('is drawn anew when Slack is back', async () => {
    slack.fail = () => true;
    await unlink('B');
    expect(await pass(2)).toEqual([]);
    slack.fail = () => false;
    expect(await pass(10)).toEqual(['B']);
  });
});

it('draws anew the tab of an account of which something changed', async () => {
  await Promise.all((['B', 'C'] as const).map(open));
  await pass(60);
  slack.refused.add('B').add('C');
  await world().store.accountChanges.add(org, 'B');
  expect(await pass(2)).toEqual(['B']);
});
