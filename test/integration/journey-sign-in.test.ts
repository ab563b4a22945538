import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { trust } from '../support/https.ts';
import { buttonsOf, expectNoComplaints, textOf, told, windowWith } from '../support/journey.ts';
import { createBrowser } from '../support/page-browser.ts';
import type { RunningCurfew } from '../support/running-curfew.ts';
import { eventsOf, linkAs, type Oidc, startBeside, urlIn } from '../support/sign-in.ts';
import { startSignInProvider } from '../support/sign-in-provider.ts';

describe.each(['socket', 'http'] as const)('signing in to link a Slack account, over %s', (transport) => {
  let oidc: Oidc;
  let running: RunningCurfew;
  let trusted: Disposable;
  beforeAll(async () => {
    oidc = await startSignInProvider();
    trusted = trust(oidc.certificate);
    running = await startBeside(oidc, transport);
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await oidc[Symbol.asyncDispose]();
    trusted[Symbol.dispose]();
  });

  it('links nobody by an address, and tells how to sign in', async () => {
    const { workspace, curfew } = running;
    const bob = workspace.as('bob');
    await bob.command('/access status');
    const refused = await told(workspace, bob, 'whose Slack account this is');
    expect(buttonsOf(refused)).toEqual(['link_account']);
    expect((await curfew.pool.query(`select 1 from identities where provider = 'slack'`)).rows).toEqual([]);
    await bob.press(refused, 'link_account');
    const handedOut = await workspace.until(() => bob.ephemerals().find((each) => buttonsOf(each).includes('sign_in')));
    await bob.press(handedOut, 'sign_in');

    const browser = createBrowser();
    const page = await browser.go(urlIn(handedOut));
    expect(page.status).toBe(200);
    expect(page.text).toContain('bob / Bob Baker');
    const confirm = await browser.submit(page);
    expect(confirm.url).toBe(`${curfew.url}/link/confirm`);
    expect(confirm.text).toContain('bob@example.com');
    expect(confirm.text).not.toContain('Slack shows another address');
    await bob.command('/access status');
    expect(bob.ephemerals().filter((each) => textOf(each).includes('no requests'))).toEqual([]);

    const done = await browser.submit(confirm);
    expect([done.status, done.text]).toEqual([200, expect.stringContaining('It now stands for <strong>bob@example.com</strong>')]);
    await workspace.until(() => bob.dm().find((each) => textOf(each).includes('is linked to')));
    await bob.command('/access status');
    await told(workspace, bob, 'no requests');
    expect(await eventsOf(running, 'account.linked')).toEqual([
      {
        actor: expect.objectContaining({ email: 'bob@example.com' }),
        data: { provider: 'slack', account: 'T0LOCAL01/U0BOB0001', by: 'sign-in' },
      },
    ]);
    expect((await browser.go(urlIn(handedOut))).status).toBe(410);
    await bob.command('/access link');
    await told(workspace, bob, 'is linked to');
    expectNoComplaints(running);
  });

  it('hands out the link in the window that could not be filled', async () => {
    const { workspace } = running;
    const carol = workspace.as('carol');
    await carol.command('/access');
    const window = await windowWith(workspace, carol, 'whose Slack account this is');
    await carol.press(window, 'link_account');
    const filled = await workspace.until(() => carol.views().find((view) => buttonsOf(view).includes('sign_in')));
    expect(urlIn(filled)).toMatch(/\/link\/[\w-]{43}$/);
    await carol.close(filled);
    expectNoComplaints(running);
  });

  it('hands out the link from the home tab', async () => {
    const { workspace } = running;
    const carol = workspace.as('carol');
    await carol.openHome();
    const home = await workspace.until(() => {
      const view = carol.home();
      return view !== undefined && buttonsOf(view).includes('link_account') ? view : undefined;
    });
    await carol.press(home, 'link_account');
    await carol.close(await workspace.until(() => carol.views().find((view) => buttonsOf(view).includes('sign_in'))));
    expectNoComplaints(running);
  });

  it('takes the link back, by oneself and by an owner', async () => {
    const { workspace, api } = running;
    const dave = workspace.as('dave');
    await dave.command('/access unlink');
    await told(workspace, dave, 'linked to nobody');
    expect((await linkAs(running, oidc, 'dave', 'dave')).status).toBe(200);
    await dave.command('/access unlink');
    await told(workspace, dave, 'is not linked to');
    await dave.command('/access status');
    await told(workspace, dave, 'was taken back');

    expect((await linkAs(running, oidc, 'dave', 'dave')).status).toBe(200);
    const path = '/o/demo/settings/slack-accounts/Dave@example.com';
    expect(await api('DELETE', path)).toMatchObject({ status: 204 });
    expect(await api('DELETE', path)).toMatchObject({ status: 404 });
    expect(await eventsOf(running, 'account.unlinked')).toEqual([
      expect.objectContaining({ actor: expect.objectContaining({ email: 'dave@example.com' }) }),
      {
        actor: expect.objectContaining({ email: 'alice@example.com' }),
        data: { provider: 'slack', account: 'T0LOCAL01/U0DAVE001', email: 'dave@example.com' },
      },
    ]);
    expectNoComplaints(running);
  });

  it('tells that an account was linked also where Slack was away, unless the link was taken back', async () => {
    const { workspace, curfew } = running;
    const [carol, alice] = [workspace.as('carol'), workspace.as('alice')];
    const untold = async () => (await curfew.pool.query('select from link_notices')).rowCount;
    const tryAgain = () => curfew.pool.query('update link_notices set try_at = clock_timestamp()');
    const isTold = (hands: typeof carol) => hands.dm().filter((each) => textOf(each).includes('is linked to')).length;
    const met = vi.spyOn(workspace.faults, 'take');
    const tries = () => met.mock.calls.flat().filter((method) => method === 'chat.postMessage').length;
    workspace.faults.every('chat.postMessage', { drop: true });
    for (const who of ['carol', 'alice']) expect((await linkAs(running, oidc, who, who)).status).toBe(200);
    await expect.poll(tries).toBeGreaterThanOrEqual(2);
    await alice.command('/access unlink');
    await told(workspace, alice, 'is not linked to');
    expect(await untold()).toBe(1);
    workspace.faults.every('chat.postMessage', undefined);
    await tryAgain();
    await workspace.until(() => isTold(carol) === 1, 10_000);
    await expect.poll(untold).toBe(0);
    expect(isTold(alice)).toBe(0);
  });
});
