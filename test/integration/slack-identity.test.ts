import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { Unreachable } from '../../src/app/unreachable.ts';
import { posting } from '../../src/domain/posting.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { hour, must, someRequest } from '../support/http-app.ts';
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
  return { id: `U0NEW${String(made).padStart(4, '0')}`, name: `${name}${made}` };
};
const answered: string[] = [];
const denied: string[] = [];
const typed: (readonly string[])[] = [];
const over = (): Partial<UseCases> => ({
  decideRequest: async (caller) => {
    denied.push(caller.person.email);
    return reject({ code: 'not-approver' });
  },
  linkAccount: (at, account) => world.useCases.linkAccount(at, account),
  namedPerson: (at, account) => world.useCases.namedPerson(at, account),
  steps: world.useCases.steps,
  findLink: (at, account) => world.useCases.findLink(at, account),
  linkedUser: (at, whom) => world.useCases.linkedUser(at, whom),
  runCommand: async (caller, argv) => {
    typed.push(argv);
    answered.push(caller.person.email);
    return accept({ kind: 'help', text: `you are ${caller.person.email}` });
  },
});
const start = (mode: Mode, more: Parameters<typeof startSlackApp>[3]) => startSlackApp(mode, over(), 'approvals', more);
const said = async (running: RunningSlack, who: string, words: string): Promise<void> => {
  const { workspace } = running.slack;
  await workspace.as(who).command('/access status');
  await workspace.until(() => JSON.stringify(workspace.as(who).ephemerals()).includes(words));
};

describe.each<Mode>(['socket', 'http'])('a Slack account, over %s', (mode) => {
  it('stays the person it was linked to when its address changes to one that nobody has', async () => {
    const erin = someone('erin');
    await using running = await start(mode, { people: [erin] });
    await said(running, erin.name, `you are ${erin.name}@example.com`);
    await running.slack.workspace.changePerson(erin.id, { email: `${erin.name}.married@example.com` });
    answered.length = 0;
    await running.slack.workspace.as(erin.id).command('/access status');
    await expect.poll(() => answered).toEqual([`${erin.name}@example.com`]);
  });

  it('is refused when its address becomes another person’s, and is that person at no time', async () => {
    const [mallory, victim] = [someone('mallory'), someone('victim')];
    await using running = await start(mode, { people: [mallory, victim] });
    await said(running, mallory.name, `you are ${mallory.name}@example.com`);
    await said(running, victim.name, `you are ${victim.name}@example.com`);
    answered.length = 0;
    await running.slack.workspace.changePerson(mallory.id, { email: `${victim.name}@example.com` });
    await said(running, mallory.id, 'belongs to somebody else now');
    await running.slack.workspace.changePerson(mallory.id, { email: `${mallory.name}@example.com` });
    await running.slack.workspace.as(mallory.id).command('/access status');
    await expect.poll(() => answered).toEqual([`${mallory.name}@example.com`]);
  });

  it('is not linked when a workflow names it, and asks for the person whom it would be', async () => {
    const [erin, second] = [someone('erin'), someone('second')];
    await using running = await start(mode, { people: [erin, second] });
    const { workspace } = running.slack;
    const name = (who: { readonly id: string }) =>
      workspace.runStep('request_access_step', { requester: who.id, resource: 'pg role readonly', reason: 'first day' });
    const links = async () => (await world.pool.query('select from identities where subject like $1', [`%/${erin.id}`])).rowCount;
    const asked = async () =>
      (
        await world.pool.query<{ email: string; n: number }>(
          `select email, count(*)::int as n from requests join people on people.id = requestor_id
           where reason like '%first day' and email = any ($1) group by email`,
          [[`${erin.name}@example.com`, `${second.name}@example.com`]],
        )
      ).rows;
    expect((await name(erin)).state).toBe('running');
    expect(await asked()).toEqual([{ email: `${erin.name}@example.com`, n: 1 }]);
    expect(await links()).toBe(0);
    await said(running, erin.name, `you are ${erin.name}@example.com`);
    expect(await links()).toBe(1);

    // Another account that says it is hers now: which of the two is meant, nobody can tell.
    await workspace.changePerson(second.id, { email: `${erin.name}@example.com` });
    const refused = await name(second);
    await createWork({ ...world.deps, messenger: running.app.messenger, jobs: world.jobs, hands: world.hands }).endSteps();
    expect(refused).toMatchObject({ state: 'failed', error: expect.stringContaining('Another Slack account') });
    await workspace.changePerson(erin.id, { email: `${second.name}@example.com` });
    expect(await name(erin)).toMatchObject({ state: 'running' });
    expect((await asked()).map(({ email }) => email)).toEqual([`${erin.name}@example.com`]);
  });

  it('is linked when its person does something, and not when somebody speaks of them', async () => {
    const [speaker, quiet] = [someone('speaker'), someone('quiet')];
    await using running = await start(mode, { people: [speaker, quiet] });
    const links = async () =>
      (await world.pool.query(`select subject from identities where subject like $1`, [`%/${quiet.id}`])).rows.length;
    answered.length = 0;
    await running.slack.workspace.as(speaker.id).command(`/access grant pg role readonly --to <@${quiet.id}> --reason x`);
    await expect.poll(() => answered).toEqual([`${speaker.name}@example.com`]);
    expect(await links()).toBe(0);
    await said(running, quiet.id, `you are ${quiet.name}@example.com`);
    expect(await links()).toBe(1);
  });

  it('is refused where the person has another one already', async () => {
    const [first, second] = [someone('first'), someone('second')];
    await using running = await start(mode, { people: [first, { ...second, email: `${first.name}@example.com` }] });
    await said(running, first.name, `you are ${first.name}@example.com`);
    await said(running, second.name, 'Another Slack account is linked');
    await running.slack.workspace.changePerson(first.id, { deleted: true });
    await said(running, second.name, 'Another Slack account is linked');
  });
});

describe.each<Mode>(['socket', 'http'])('where nobody vouches for addresses, over %s', (mode) => {
  const unvouched = { linkByEmail: false, openSignIn: async () => 'https://curfew.example.com/link/x' };
  const startUnvouched = (people: NonNullable<Parameters<typeof start>[1]>['people']) =>
    startSlackApp(mode, over(), 'approvals', { people: people ?? [] }, unvouched);

  it('keeps the links that there are, whatever the address has become', async () => {
    const [kept, other] = [someone('kept'), someone('other')];
    {
      await using before = await start(mode, { people: [kept, other] });
      await said(before, kept.name, `you are ${kept.name}@example.com`);
      await said(before, other.name, `you are ${other.name}@example.com`);
    }
    await using running = await startUnvouched([{ ...kept, email: `${other.name}@example.com` }]);
    await said(running, kept.name, `you are ${kept.name}@example.com`);
  });

  it('takes nobody for whom their address names: not who does something, nor who is spoken of, nor who is written to', async () => {
    const [speaker, impostor] = [someone('speaker'), someone('impostor')];
    await world.useCases.linkAccount(org, {
      provider: 'slack',
      workspace: 'T0LOCAL01',
      user: speaker.id,
      email: email(`${speaker.name}@example.com`),
    });
    await using running = await startUnvouched([speaker, { ...impostor, email: 'bob.lost@example.com' }]);
    const { workspace } = running.slack;
    await said(running, impostor.name, 'whose Slack account this is');
    await workspace.as(speaker.id).command(`/access grant pg role readonly --to <@${impostor.id}> --reason x`);
    await expect.poll(() => typed.at(-1)).toContainEqual(expect.stringMatching(`^<@${impostor.id}`));
    const request = { ...someRequest(), requestor: { ...someRequest().requestor, email: email('bob.lost@example.com') } };
    const picture = { request, choice: undefined, approvers: [], usage: undefined, secretWaits: false };
    await expect(running.app.messenger.post(posting('request'), picture, undefined)).rejects.toThrow(Unreachable);
    expect(workspace.calls.filter(({ method }) => method === 'users.lookupByEmail')).toEqual([]);
  });
});

it('is told that nobody needs to sign in where nobody can', async () => {
  const nora = someone('nora');
  await using running = await start('socket', { people: [nora] });
  const { workspace } = running.slack;
  await workspace.as(nora.id).command('/access link');
  await workspace.until(() => JSON.stringify(workspace.as(nora.id).ephemerals()).includes('Nobody needs to sign in here'));
  await workspace.as(nora.id).command('/access unlink somebody');
  await workspace.until(() => JSON.stringify(workspace.as(nora.id).ephemerals()).includes('unlink takes nothing more'));
});

describe('Enterprise Grid', () => {
  const enterprise = { id: 'E0LOCAL01', isOrgWide: false };
  const ours = { enterpriseId: enterprise.id };

  beforeEach(() => {
    denied.length = 0;
  });

  it.each([false, true])('has people whose ids begin with W, of the organisation (installed in all of it: %s)', async (isOrgWide) => {
    const grace = { ...someone('grace'), ...ours };
    const id = grace.id.replace('U', isOrgWide ? 'W1' : 'W0');
    await using running = await start('http', { enterprise: { ...enterprise, isOrgWide }, people: [{ ...grace, id }] });
    await said(running, grace.name, `you are ${grace.name}@example.com`);
    const { rows } = await world.pool.query('select subject from identities where org = $1 and subject like $2', [org, `%/${id}`]);
    expect(rows).toEqual([{ subject: `E0LOCAL01/${id}` }]);
    const choice = { durations: [hour], digest: '0123456789abcdef' };
    const picture = { request: someRequest(), choice, approvers: [], usage: undefined, secretWaits: false };
    await running.app.messenger.post(posting('approval'), picture, undefined);
    await running.slack.workspace.as(id).press(must(running.slack.workspace.as(id).messages('approvals').at(-1)), 'approve');
    await expect.poll(() => denied).toEqual([`${grace.name}@example.com`]);
  });

  it('lets a colleague of another workspace in only where the app is installed in all of them', async () => {
    const colleague = { ...someone('colleague'), ...ours, teamId: 'T0SISTER1' };
    const outsider = { ...someone('outsider'), teamId: 'T0OTHER01', enterpriseId: 'E0OTHER01' };
    for (const [isOrgWide, expected] of [
      [false, [undefined, undefined]],
      [true, [`${colleague.name}@example.com`, undefined]],
    ] as const) {
      const people = [colleague, outsider];
      await using running = await start('http', { enterprise: { ...enterprise, isOrgWide }, people });
      answered.length = 0;
      for (const { id } of people) {
        // Slack lets no stranger run a command; the payload is that of somebody else, in their name.
        await running.slack.workspace.deliver({ type: 'slash_commands', payload: commandOf(id, running) });
      }
      await expect.poll(() => told(running)).toBe(2);
      expect(answered).toEqual(expected.filter((each) => each !== undefined));
    }
  });
});

let turn = 0;
const commandOf = (userId: string, running: RunningSlack) => ({
  team_id: 'T0LOCAL01',
  user_id: userId,
  command: '/access',
  text: 'status',
  is_enterprise_install: 'false',
  response_url: `${running.slack.url}/sandbox/slack/response/${userId}`,
  trigger_id: `made.up.${++turn}.${userId}`,
});
/** The address to answer at is made up as well, so each answer, or refusal, takes another way. */
const told = (running: RunningSlack): number =>
  running.logged.filter(({ message }) => message.includes('could not answer in place')).length;

describe('two accounts that come at the same moment', () => {
  it('are not both one person', async () => {
    const address = email('racer@example.com');
    const links = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        world.useCases.linkAccount(org, { provider: 'slack', workspace: 'T0RACE001', user: `U${at}`, email: address }),
      ),
    );
    expect(links.filter((link) => 'person' in link)).toHaveLength(1);
    const { rows } = await world.pool.query(
      `select data from audit where action = 'account.linked' and data->>'account' like 'T0RACE001/%'`,
    );
    expect(rows).toHaveLength(1);
  });
});
