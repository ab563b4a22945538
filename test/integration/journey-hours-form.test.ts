import { describe, expect, it } from 'vitest';
import { actionIds } from '../../blocks/wire.ts';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { accessOf, expectNoComplaints, textOf, windowWith } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

const fieldsOf = (view: View): string[] => elementsOf(view.blocks).map(({ element }) => element.action_id);
const hoursFields = [actionIds.hoursDays, actionIds.hoursFrom, actionIds.hoursTo];
/** Two hours of every day, one of which is over, by clocks in that zone. */
function openNow(zone: string): readonly [from: string, to: string] {
  const clock = (ms: number): string =>
    new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(Date.now() + ms);
  return [clock(-3_600_000), clock(3_600_000)];
}

describe.each(['socket', 'http'] as const)('standing access in hours that are chosen in the form, by %s', (transport) => {
  it('is asked for by choosing days and times, with what is wrong at its field', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    const bob = workspace.as('bob');
    const policy = (approval: object) =>
      curfew.pool.query(
        `insert into policies (org, name, document) values ('demo', 'standing', $1) on conflict (org, name) do update set document = excluded.document`,
        [{ name: 'standing', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [approval] }],
      );
    await policy({ type: 'p0' });
    await bob.command('/access request pg role');
    const view = await windowWith(workspace, bob, 'For how long?');
    await bob.choose(view, actionIds.formResource, 'readonly');
    await windowWith(workspace, bob, 'To be decided by');
    expect(fieldsOf(view)).not.toContain(actionIds.hoursOnly);

    await policy({ type: 'persistent' });
    await bob.choose(view, actionIds.formDuration, '3600');
    await windowWith(workspace, bob, 'Only in some hours of the week');
    expect(fieldsOf(view)).not.toContain(actionIds.hoursDays);
    await bob.choose(view, actionIds.hoursOnly, 'some');
    // Bob's own zone.
    await windowWith(workspace, bob, 'Mon-Fri 09:00-17:00 Europe/Berlin');
    expect(fieldsOf(view)).toEqual(expect.arrayContaining(hoursFields));
    await bob.choose(view, actionIds.hoursTo, '09:00');
    await windowWith(workspace, bob, 'must not end when they begin');
    expect((await bob.submit(view)).errors).toEqual({ [actionIds.hoursTo]: expect.stringContaining('must not end') });
    // By now no policy gives it as standing access.
    const [from, to] = openNow('Europe/Berlin');
    const hours = {
      [actionIds.hoursDays]: 'Mon,Tue,Wed,Thu,Fri,Sat,Sun',
      [actionIds.hoursFrom]: from,
      [actionIds.hoursTo]: to,
    };
    await policy({ type: 'p0' });
    expect((await bob.submit(view, hours)).errors).toEqual({ [actionIds.hoursOnly]: expect.stringContaining('Only standing access') });
    await bob.choose(view, actionIds.formDuration, '300');
    await windowWith(workspace, bob, 'Only standing access has hours');
    expect(fieldsOf(view)).toContain(actionIds.hoursOnly);
    await policy({ type: 'persistent' });
    await bob.submit(view, hours);
    expect(textOf(await accessOf(workspace))).toContain(`daily ${from}-${to} Europe/Berlin`);
    const { rows } = await curfew.pool.query(`select recurring from grants`);
    expect(rows).toEqual([{ recurring: `daily ${from}-${to} Europe/Berlin` }]);
    expectNoComplaints(product);
  });

  it('begins with the hours that were typed, and leaves them out again', async () => {
    await using product = await startCurfew({ transport });
    const { workspace, curfew } = product;
    const bob = workspace.as('bob');
    await curfew.pool.query(`insert into policies (org, name, document) values ('demo', 'standing', $1)`, [
      { name: 'standing', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'persistent' }] },
    ]);
    await bob.command('/access request pg role --window "Sat,Sun 22:00-24:00 Asia/Tokyo"');
    const view = await windowWith(workspace, bob, 'By clocks in Asia/Tokyo');
    const shown = JSON.stringify(elementsOf(view.blocks).map(({ element }) => element));
    expect(shown).toContain('"initial_time":"22:00"');
    expect(shown).toContain('"initial_time":"00:00"');
    await bob.choose(view, actionIds.formResource, 'readonly');
    await windowWith(workspace, bob, 'Sat,Sun 22:00-24:00 Asia/Tokyo');
    await bob.choose(view, actionIds.hoursOnly, null);
    await workspace.until(() => !fieldsOf(view).includes(actionIds.hoursDays), 10_000);
    await bob.submit(view);
    await accessOf(workspace);
    expect((await curfew.pool.query(`select recurring from grants`)).rows).toEqual([{ recurring: null }]);
    expectNoComplaints(product);
  });
});
