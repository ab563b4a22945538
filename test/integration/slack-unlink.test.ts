import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { Unreachable } from '../../src/app/unreachable.ts';
import { posting } from '../../src/domain/posting.ts';
import { accept } from '../../src/domain/result.ts';
import { must, someRequest } from '../support/http-app.ts';
import { buttonsOf } from '../support/journey.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, email, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const typed: (readonly string[])[] = [];
const over = (): Partial<UseCases> => ({
  accounts: world.useCases.accounts,
  linkAccount: (at, account) => world.useCases.linkAccount(at, account),
  linkAgain: (at, account) => world.useCases.linkAgain(at, account),
  namedPerson: (at, account) => world.useCases.namedPerson(at, account),
  findLink: (at, account) => world.useCases.findLink(at, account),
  linkedUser: (at, whom) => world.useCases.linkedUser(at, whom),
  runCommand: async (caller, argv) => {
    typed.push(argv);
    return accept({ kind: 'help', text: `you are ${caller.person.email}` });
  },
});
const said = async ({ slack: { workspace } }: RunningSlack, who: string, command: string, words: string) => {
  const hands = workspace.as(who);
  const before = hands.ephemerals().length;
  await hands.command(command);
  return workspace.until(() =>
    hands
      .ephemerals()
      .slice(before)
      .find((each) => JSON.stringify(each).includes(words)),
  );
};
const events = async (id: string) =>
  (await world.pool.query(`select action from audit where data->>'account' = $1 order by id`, [`T0LOCAL01/${id}`])).rows.map(
    ({ action }) => action,
  );

describe.each<Mode>(['socket', 'http'])('an account whose link was taken back, over %s', (mode) => {
  const mona = { id: `U0MONA${mode.toUpperCase()}`, name: mode === 'http' ? 'mona' : 'maria' };

  it('stays nobody’s whatever is pressed, typed or said of it, until its person links it again', async () => {
    await using running = await startSlackApp(mode, over(), 'approvals', { people: [mona] });
    const { workspace } = running.slack;
    await said(running, mona.id, '/access status', `you are ${mona.name}@example.com`);
    await said(running, mona.id, '/access unlink', 'is not linked to');
    const refused = await said(running, mona.id, '/access status', 'was taken back');
    await said(running, mona.id, '/access status', 'was taken back');
    await said(running, mona.id, '/access unlink', 'linked to nobody');

    await said(running, 'bob', `/access grant pg role readonly --to <@${mona.id}> --reason x`, 'you are');
    expect(typed.at(-1)).toContainEqual(expect.stringMatching(`^<@${mona.id}`));
    const request = { ...someRequest(), requestor: { ...someRequest().requestor, email: email(`${mona.name}@example.com`) } };
    const picture = { request, choice: undefined, approvers: [], usage: undefined, secretWaits: false };
    await expect(running.app.messenger.post(posting('request'), picture, undefined)).rejects.toThrow(Unreachable);
    expect(await events(mona.id)).toEqual(['account.linked', 'account.unlinked']);

    expect(buttonsOf(refused)).toEqual(['link_account']);
    await workspace.as(mona.id).press(refused, 'link_account');
    await expect.poll(() => events(mona.id)).toHaveLength(3);
    await said(running, mona.id, '/access status', `you are ${mona.name}@example.com`);
    expect(await events(mona.id)).toEqual(['account.linked', 'account.unlinked', 'account.linked']);
    expect(workspace.warnings).toEqual([]);
  });

  it('shows nothing of its person on its home tab, whoever took it back, and everything when it is linked again', async () => {
    const dora = { id: `U0DORA${mode.toUpperCase()}`, name: mode === 'http' ? 'dora' : 'doris' };
    await using running = await startSlackApp(mode, { ...world.useCases, ...over() }, 'approvals', { people: [dora] });
    const { workspace } = running.slack;
    const hands = workspace.as(dora.id);
    const work = createWork({ ...world.deps, messenger: running.app.messenger, jobs: world.jobs, hands: world.hands });
    const drawn = async () => {
      await work.drawHome(dora.id);
      return JSON.stringify(hands.home()?.source ?? '');
    };
    const tabWith = (words: string) => expect.poll(drawn, { timeout: 10_000 }).toContain(words);
    // Of what somebody opened, nothing is on its way any more.
    const opened = async (words: string) => {
      await hands.openHome();
      await workspace.until(() => JSON.stringify(hands.home()?.source ?? '').includes(words));
    };
    await opened('open_form');
    const caller = await world.caller(dora.name);
    const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: 'sample' };
    const asked = await world.useCases.submitRequest(caller, { right, reason: undefined, duration: undefined, to: undefined });
    expect(asked).toMatchObject({ ok: true });
    await opened('readonly');

    await said(running, dora.id, '/access unlink', 'is not linked to');
    await tabWith('was taken back');
    expect(JSON.stringify(hands.home())).not.toMatch(/readonly|open_form|example\.com/);
    await hands.press(must(hands.home()), 'link_account');
    await expect.poll(() => events(dora.id)).toHaveLength(3);
    await tabWith('readonly');

    const owner = await world.caller('alice');
    expect((await world.useCases.accounts.unlinkPerson(owner, caller.person.email)).ok).toBe(true);
    await tabWith('was taken back');
    await said(running, dora.id, '/access link', 'is linked to');
    await tabWith('readonly');

    await workspace.changePerson(dora.id, { isRestricted: true });
    await tabWith('Guests');
    expect(JSON.stringify(hands.home())).not.toMatch(/readonly|open_form|example\.com/);
    await workspace.changePerson(dora.id, { isRestricted: false });
    await tabWith('readonly');
    await workspace.changePerson(dora.id, { deleted: true });
    await expect
      .poll(async () => {
        await drawn();
        return (await world.pool.query('select from homes where account = $1', [dora.id])).rowCount;
      })
      .toBe(0);
    expect(workspace.warnings).toEqual([]);
    expect(running.logged.filter(({ level }) => level === 'error')).toEqual([]);
  }, 60_000);

  it('is linked again by the command too, and stays linked', async () => {
    await using running = await startSlackApp(mode, over(), 'approvals', { people: [mona] });
    await said(running, mona.id, '/access unlink', 'is not linked to');
    await said(running, mona.id, '/access link', 'is linked to');
    await said(running, mona.id, '/access status', `you are ${mona.name}@example.com`);
  });
});

it('is taken back as a whole from whoever is linked from before their workspace joined an organisation', async () => {
  const owner = await world.caller('alice');
  const { person } = await world.caller('gina');
  for (const place of ['T0BEFORE', 'E0SINCE'])
    await world.pool.query(`insert into identities (org, provider, subject, person_id) values ('demo', 'slack', $1, $2)`, [
      `${place}/U0GINA`,
      person.id,
    ]);
  expect(await world.useCases.accounts.unlinkPerson(owner, 'gina@example.com')).toMatchObject({ ok: true });
  expect((await world.pool.query('select from identities where person_id = $1', [person.id])).rowCount).toBe(0);
  expect((await world.pool.query(`select from homes where account = 'U0GINA'`)).rowCount).toBe(1);
});
