import pg from 'pg';
import { expect, it } from 'vitest';
import type { View } from '../../src/sandbox/slack/state.ts';
import { must } from '../support/http-app.ts';
import { accessOf, approvalOf, buttonsOf, command, expectNoComplaints } from '../support/journey.ts';
import { addGrants } from '../support/many-grants.ts';
import { type RunningCurfew, startCurfew } from '../support/running-curfew.ts';

const textOf = (view: View | undefined): string => JSON.stringify(view?.source ?? '');

it.each(['socket', 'http'] as const)(
  'shows an owner in red what should be gone and is not, until it is, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    await give(product);
    for (const hands of [alice, bob]) {
      await hands.openHome();
      await workspace.until(() => hands.home());
    }
    const sees = (words: string) => workspace.until(() => textOf(alice.home()).includes(words), 20_000);
    expect(textOf(alice.home())).not.toContain('Overdue');

    await openTarget(product, false);
    await pass(product, '62 minutes');
    await sees('🔴 Overdue: 1 not seen gone after the end');
    expect(textOf(alice.home())).toContain('bob@example.com');
    expect(textOf(bob.home())).not.toContain('Overdue');

    await openTarget(product, true);
    await lookNow(product);
    await workspace.until(() => !textOf(alice.home()).includes('Overdue'), 20_000);
    await workspace.until(() => textOf(bob.home()).includes('You have no access at the moment'), 20_000);
    expectNoComplaints(product);
  },
  120_000,
);

it.each(['socket', 'http'] as const)(
  'leafs through 300 grants and back, over %s',
  async (transport) => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const bob = workspace.as('bob');
    await give(product);
    await addGrants(product.curfew.pool, 299);
    await bob.openHome();
    let view = await workspace.until(() => bob.home());
    const turn = async (button: string): Promise<void> => {
      const before = rightsOn(view).join(' ');
      await bob.press(view, button, { blockId: 'turn:access' });
      view = await workspace.until(() => {
        const now = must(bob.home());
        return rightsOn(now).join(' ') === before ? undefined : now;
      }, 10_000);
    };
    const there = [rightsOn(view)];
    while (turnsOn(view).includes('home_older')) {
      await turn('home_older');
      there.push(rightsOn(view));
    }
    expect(there.flat()).toHaveLength(300);
    expect(new Set(there.flat()).size).toBe(300);

    const back = [rightsOn(view)];
    while (turnsOn(view).includes('home_newer')) {
      await turn('home_newer');
      back.push(rightsOn(view));
    }
    expect(new Set(back.flat())).toEqual(new Set(there.flat()));
    expect(back.at(-1)).toEqual(there[0]);
    expectNoComplaints(product);
  },
  120_000,
);

async function give({ workspace }: RunningCurfew): Promise<void> {
  await workspace.as('bob').command(command.replace('1m', '1h'));
  await workspace.as('alice').press(await approvalOf(workspace, 'look at orders'), 'approve');
  await accessOf(workspace);
}

/** The rows of "Your access", by the button that each has. */
function rightsOn(view: View): string[] {
  const blocks = view.blocks.map(({ block_id: id }) => String(id));
  return blocks.filter((id) => id.startsWith('access:'));
}

const turnsOn = (view: View): string[] => buttonsOf({ ...view, blocks: view.blocks.filter(({ block_id: id }) => id === 'turn:access') });

/** Lets Curfew in at the target, or shuts it out. */
async function openTarget(product: RunningCurfew, isOpen: boolean): Promise<void> {
  const { pool } = product.curfew;
  const name = product.account('sample');
  await pool.query(`alter database ${pg.escapeIdentifier(name)} allow_connections ${isOpen}`);
  if (!isOpen) await pool.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
}

/** As though so much time had passed since it was given, for an hour. */
const pass = ({ curfew: { pool } }: RunningCurfew, interval: string) =>
  pool.query(
    `with g as (
       update grants set granted_at = granted_at - $1::interval, expires_at = expires_at - $1::interval
       where state = 'active' returning org, right_id)
     update rights r set due_at = clock_timestamp(), generation = generation + 1 from g where r.org = g.org and r.id = g.right_id`,
    [interval],
  );

const lookNow = ({ curfew: { pool } }: RunningCurfew) => pool.query('update rights set due_at = clock_timestamp()');
