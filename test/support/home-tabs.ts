/** What the tests of home tabs have in common: four people who have accounts, and what Slack shows them. */
import { afterEach, beforeEach, expect } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { HomeDrawn } from '../../src/app/home-tabs-store.ts';
import type { Caller, Messenger } from '../../src/app/ports.ts';
import { digestOf } from '../../src/domain/digest.ts';
import type { DurationSeconds } from '../../src/domain/duration.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { createWorld, org, type World } from './world.ts';

const names = { A: 'alice', B: 'bob', C: 'carol', D: 'dave' } as const;
export type Account = keyof typeof names;
type Name = (typeof names)[Account];

type Slack = {
  /** It takes no tab of this account. */
  fail: (account: string) => boolean;
  /** Accounts that are nobody's. */
  readonly refused: Set<Account>;
  /** Happens while a tab is being drawn. */
  meanwhile: () => Promise<void>;
};

/** A world for each test of a file. */
export function homeTabs() {
  let world: World;
  let published: string[];
  const callers = new Map<string, Caller>();
  const slack: Slack = { fail: () => false, refused: new Set(), meanwhile: async () => undefined };
  const by = (name: Name): Caller => {
    const caller = callers.get(name);
    if (caller === undefined) throw new Error(`nobody is called ${name}`);
    return caller;
  };
  const callerOf = (account: Account): Caller => by(names[account]);
  beforeEach(async () => {
    world = await createWorld();
    for (const name of Object.values(names)) callers.set(name, await world.caller(name));
    published = [];
    slack.fail = () => false;
    slack.refused.clear();
    slack.meanwhile = async () => undefined;
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** What a tab shows, without Slack. */
  const look = async (who: Caller): Promise<HomeDrawn> => {
    const { extendBy, ...home } = await world.useCases.home(who);
    const shown = digestOf(JSON.parse(JSON.stringify([home, [...(extendBy ?? [])]])));
    const { overdueCount: overdue, driftStamp: drift } = home;
    return { person: who.person.id, shown, place: '', waiting: home.waiting.requests.map(({ id }) => id), overdue, drift };
  };
  const seenBy = async (account: Account): Promise<HomeDrawn> =>
    slack.refused.has(account)
      ? { person: undefined, shown: 'refused', place: '', waiting: [], overdue: undefined, drift: undefined }
      : look(callerOf(account));
  const drawHome: Messenger['drawHome'] = async ({ account, shown }) => {
    const drawn = await seenBy(account as Account);
    await slack.meanwhile();
    if (drawn.shown === shown) return drawn;
    if (slack.fail(account)) throw new Error('Slack is away');
    published.push(account);
    return drawn;
  };
  const work = () => createWork({ ...world.deps, messenger: { ...world.messenger, drawHome }, jobs: world.jobs, hands: world.hands });

  const open = async (account: Account): Promise<void> => {
    // When it is opened for the first time it is not known whose it is, and it is looked at once more.
    for (let at = 0; at < 2; at += 1) {
      const begun = await world.store.home.tabs.begin(org, account);
      await world.store.home.tabs.drawn(org, account, begun, await seenBy(account));
    }
  };
  /** As though so much time had passed for the tabs; then what is due is drawn, in whatever process. */
  const pass = async (seconds: number): Promise<string[]> => {
    const columns = ['opened_at', 'drawn_at', 'publish_at', 'lease_until'];
    const moved = columns.map((each) => `${each} = ${each} - $1::float8 * interval '1 second'`).join(', ');
    await world.pool.query(`update homes set ${moved}`, [seconds]);
    for (;;) {
      const before = world.woken.length;
      await work().homes();
      const jobs = world.woken.slice(before).flatMap((job) => (job.kind === 'home' ? [job] : []));
      expect(jobs.length).toBeLessThanOrEqual(2);
      if (jobs.length === 0) break;
      for (const { account } of jobs) await work().drawHome(account);
    }
    return published.splice(0).toSorted();
  };
  const ask = async (name: Name): Promise<PermissionRequest> => {
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: 'sample' };
    const draft = { right, reason: undefined, duration: 3600 as DurationSeconds, to: undefined };
    const asked = await world.useCases.submitRequest(by(name), draft);
    if (!asked.ok) throw new Error(JSON.stringify(asked));
    await work().notify(asked.value.request.id);
    return asked.value.request;
  };
  const decide = async (name: Name, { id }: PermissionRequest, kind: 'approve' | 'deny'): Promise<void> => {
    const verdict =
      kind === 'approve' ? ({ kind, duration: undefined, digest: undefined } as const) : ({ kind, reason: undefined } as const);
    expect((await world.useCases.decideRequest(by(name), id, verdict)).ok).toBe(true);
    await world.reconcile();
    await work().notify(id);
  };
  return { world: () => world, by, callerOf, slack, work, seenBy, open, pass, ask, decide };
}
