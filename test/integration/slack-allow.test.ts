import { describe, expect, it } from 'vitest';
import { actionIds, blockIds } from '../../blocks/wire.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, type World } from '../support/world.ts';

const textOf = (view: View): string => JSON.stringify(view.source);
const fieldsOf = (view: View): string[] => elementsOf(view.blocks).map(({ element }) => element.action_id);

async function start(mode: Mode, world: World, name: string) {
  const running = await startSlackApp(mode, world.useCases);
  const { workspace } = running.slack;
  const hands = workspace.as(name);
  const form = (words: string): Promise<View> => workspace.until(() => hands.views().find((view) => textOf(view).includes(words)), 10_000);
  return { running, workspace, hands, form };
}

const never = { type: 'datetimepicker', selected_date_time: null };
/** A window drawn anew meanwhile, and an address that nobody has. */
const expectedErrors = ['hash_conflict', 'users_not_found'];

function expectNoComplaints({ slack, logged }: RunningSlack): void {
  expect(slack.workspace.warnings).toEqual([]);
  expect(slack.workspace.calls.filter(({ answer }) => answer['ok'] !== true && !expectedErrors.includes(String(answer['error'])))).toEqual(
    [],
  );
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
}

const windows = async (world: World) =>
  (await world.pool.query(`select resource, seconds::int, extract(epoch from closes_at - opens_at)::int as length from pre_approvals`))
    .rows;

describe.each<Mode>(['socket', 'http'])('the form of a pre-approval by %s', (mode) => {
  it('goes from an incomplete command over each choice to an open window, and says beforehand what it does', async () => {
    await using world = await createWorld();
    const { running, workspace, hands: carol, form } = await start(mode, world, 'carol');
    await using _ = running;
    await carol.command('/access allow');
    const view = await form('Whose requests?');
    expect(textOf(view)).toContain('Choose who and what');
    expect(await carol.options(view, actionIds.formResource, 'only')).toMatchObject({ options: [{ value: 'readonly' }] });
    expect((await carol.submit(view)).errors).toMatchObject({ [actionIds.formTo]: 'Please complete this required field.' });
    await carol.choose(view, actionIds.formResource, 'readonly');
    await carol.choose(view, actionIds.formTo, workspace.as('bob').id);
    await form('need no approver.');
    await workspace.until(() => textOf(view).includes('bob@example.com'), 10_000);
    await carol.choose(view, actionIds.allowEach, '3600');
    await form('for up to 1 hour each');

    // Until a moment instead of for a length; one that is over is refused at its field.
    await carol.choose(view, actionIds.formDuration, 'until');
    await form('Until when?');
    const seconds = Math.floor((await world.store.now()) / 1000);
    await carol.choose(view, actionIds.formUntil, String(seconds + 400 * 86_400));
    await form('This will be refused');
    expect((await carol.submit(view)).errors).toEqual({ [actionIds.formUntil]: expect.stringContaining('over the maximum') });
    expect((await carol.submit(view, { [actionIds.formUntil]: String(seconds - 600) })).errors).toEqual({
      [actionIds.formUntil]: expect.stringContaining('must close after it opens'),
    });
    expect((await carol.submit(view, { [actionIds.allowStart]: String(seconds - 86_400) })).errors).toEqual({
      [actionIds.allowStart]: expect.stringContaining('cannot open in the past'),
    });
    expect(
      (
        await carol.submit(view, {
          [blockIds.reason]: 'x'.repeat(1001),
          [actionIds.allowStart]: never,
        })
      ).errors,
    ).toEqual({
      [blockIds.reason]: expect.stringContaining('1000'),
    });
    expect(await windows(world)).toEqual([]);
    await carol.choose(view, actionIds.formDuration, '86400');
    await workspace.until(() => !fieldsOf(view).includes(actionIds.formUntil), 10_000);
    await carol.choose(view, actionIds.hoursOnly, 'some');
    // Working hours of her own zone, until she chooses others. Whatever is wrong with them is told at its field.
    await form('Mon-Fri 09:00-17:00 America/New_York');
    expect(fieldsOf(view)).toEqual(expect.arrayContaining([actionIds.hoursDays, actionIds.hoursFrom, actionIds.hoursTo]));
    expect(textOf(view)).toContain('By clocks in America/New_York');
    const sent = { [blockIds.reason]: 'on call', [actionIds.allowStart]: never } as const;
    expect(
      (await carol.submit(view, { ...sent, [actionIds.hoursDays]: { type: 'multi_static_select', selected_options: [] } })).errors,
    ).toEqual({
      [actionIds.hoursDays]: 'Please complete this required field.',
    });
    await carol.choose(view, actionIds.hoursDays, 'Mon,Tue,Wed,Thu,Fri,Sat,Sun');
    await form('daily 09:00-17:00 America/New_York');
    await carol.choose(view, actionIds.hoursTo, '09:00');
    await form('must not end when they begin');
    expect((await carol.submit(view, sent)).errors).toEqual({
      [actionIds.hoursTo]: expect.stringContaining('must not end when they begin'),
    });
    await carol.choose(view, actionIds.hoursFrom, '00:00');
    await carol.choose(view, actionIds.hoursTo, '00:00');
    await form('That is always');
    expect((await carol.submit(view, sent)).errors).toEqual({ [actionIds.hoursDays]: expect.stringContaining('That is always') });
    const clock = (more: number) =>
      new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone: 'America/New_York' }).format(
        (seconds + more * 3600) * 1000,
      );
    const hours = `daily ${clock(-1)}:00-${clock(2)}:30 America/New_York`;
    await carol.choose(view, actionIds.hoursFrom, `${clock(-1)}:00`);
    await carol.choose(view, actionIds.hoursTo, `${clock(2)}:30`);
    await form(hours);
    await form('What they are given ends when these hours do.');
    expect(await windows(world)).toEqual([]);
    await carol.submit(view, { [blockIds.reason]: 'on call this week <!channel>' });
    await form('is pre-approved for');
    expect(await windows(world)).toEqual([{ resource: 'readonly', seconds: 3600, length: 86_400 }]);
    const { rows } = await world.pool.query<{ recurring: string | null }>('select recurring from pre_approvals');
    expect(rows).toEqual([{ recurring: hours }]);

    const bob = await world.caller('bob');
    const asked = await world.useCases.runCommand(bob, ['request', 'pg', 'role', 'readonly', '--duration', '1h'], '/access');
    expect(asked).toMatchObject({ ok: true, value: { isPreapproved: true, request: { state: { kind: 'approved' } } } });
    expectNoComplaints(running);
  });

  it('begins with what was typed', async () => {
    await using world = await createWorld();
    const { running, workspace, hands: carol, form } = await start(mode, world, 'carol');
    await using _ = running;
    const bob = workspace.as('bob').id;
    await carol.command(`/access allow pg role readwrite --to <@${bob}> --request-duration 1h --window "daily 08:00-20:00 UTC"`);
    const view = await form('need no approver.');
    expect(textOf(view)).toContain('readwrite');
    expect(textOf(view)).toContain('for up to 1 hour each');
    expect(textOf(view)).toContain('daily 08:00-20:00 UTC');
    expect(textOf(view)).toContain('By clocks in UTC');
    await carol.submit(view, { [actionIds.formDuration]: '604800' });
    await form('is pre-approved for');
    expect(await windows(world)).toEqual([{ resource: 'readwrite', seconds: 3600, length: 604_800 }]);
    await carol.close(view);
    await carol.command('/access allow pg role readwrite --length 2d --to nobody@elsewhere.example --bogus');
    await workspace.until(() => carol.ephemerals().length > 0, 10_000);
    await carol.command('/access allow pg role --length 2d --to nobody@elsewhere.example');
    expect(textOf(await form('Nobody in this workspace has the address'))).toContain('2 days');
    expectNoComplaints(running);
  });

  it('offers nothing to those who could approve nothing, and tells them nothing of others', async () => {
    await using world = await createWorld();
    const { running, hands: bob, form, workspace } = await start(mode, world, 'bob');
    await using _ = running;
    await bob.command('/access allow');
    const empty = await form('nothing here that you could approve');
    await bob.close(empty);
    await bob.command(`/access allow pg role readonly --to <@${workspace.as('alice').id}>`);
    const view = await form('This will be refused');
    const { errors } = await bob.submit(view);
    expect(Object.keys(errors)).toEqual([expect.stringContaining(actionIds.formResource)]);
    expect(await windows(world)).toEqual([]);
    const refused = (await world.audit()).filter(({ action }) => action === 'refused');
    expect(refused).toMatchObject([{ data: { attempt: 'pre-approval.create', code: 'not-approver' } }]);
    expectNoComplaints(running);
  });

  it('tells a reviewer that they cannot approve their own requests', async () => {
    await using world = await createWorld();
    const { running, hands: carol, form } = await start(mode, world, 'carol');
    await using _ = running;
    await carol.command(`/access allow pg role readonly --to <@${carol.id}>`);
    const view = await form('This will be refused');
    expect((await carol.submit(view)).errors).toEqual({ [actionIds.formTo]: expect.any(String) });
    expect(await windows(world)).toEqual([]);
  });
});
