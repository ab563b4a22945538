import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trust } from '../support/https.ts';
import { buttonsOf, expectNoComplaints, told } from '../support/journey.ts';
import { createBrowser } from '../support/page-browser.ts';
import type { RunningCurfew } from '../support/running-curfew.ts';
import { eventsOf, linkAs, linkFor, linksOf, type Oidc, signIn, startBeside, urlIn } from '../support/sign-in.ts';
import { startSignInProvider } from '../support/sign-in-provider.ts';

let oidc: Oidc;
let running: RunningCurfew;
let trusted: Disposable;
const people = [
  { id: 'U0ERIN001', name: 'erin', email: '' },
  { id: 'U0ERIN002', name: 'erin2', email: 'someone@example.com' },
];
beforeAll(async () => {
  oidc = await startSignInProvider({ inIdToken: true });
  trusted = trust(oidc.certificate);
  // Vouched for or not: who has no confirmed address signs in.
  running = await startBeside(oidc, 'http', { linkByEmail: true, slack: { people } });
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await oidc[Symbol.asyncDispose]();
  trusted[Symbol.dispose]();
});
beforeEach(() => {
  oidc.decision = { allow: 'erin' };
  oidc.claims.clear();
});

describe('whoever is somebody else', () => {
  it('is not linked, and each refusal is on record with who it was', async () => {
    const { workspace } = running;
    expect((await linkAs(running, oidc, 'erin', 'erin')).status).toBe(200);
    const before = await linksOf(running);
    const refusedBefore = (await eventsOf(running, 'refused')).length;

    // A second account of the same person. It is linked by an address as soon as it does anything but ask for the link.
    const second = await linkAs(running, oidc, 'erin2', 'erin');
    expect([second.status, second.text]).toEqual([409, expect.stringContaining('another Slack account')]);

    // Two links for one account, by two people: the first who confirms has it.
    const [mine, theirs] = [await linkFor(running, 'erin2'), await linkFor(running, 'erin2')];
    const [one, other] = [createBrowser(), createBrowser()];
    oidc.decision = { allow: 'fred' };
    const first = await signIn(mine, one);
    oidc.decision = { allow: 'gina' };
    const late = await signIn(theirs, other);
    expect((await one.submit(first)).status).toBe(200);
    const taken = await other.submit(late);
    expect([taken.status, taken.text]).toEqual([409, expect.stringContaining('somebody else')]);

    // The provider's account was fred; by now its address is erin's.
    expect(await running.api('DELETE', '/o/demo/settings/slack-accounts/fred@example.com')).toMatchObject({ status: 204 });
    oidc.claims.set('fred', { email: 'erin@example.com' });
    const two = await linkAs(running, oidc, 'erin2', 'fred');
    expect([two.status, two.text]).toEqual([409, expect.stringContaining('Two people')]);

    expect(await linksOf(running)).toEqual(before);
    expect((await eventsOf(running, 'refused')).slice(refusedBefore)).toEqual([
      { actor: expect.objectContaining({ email: 'erin@example.com' }), data: { attempt: 'account.link', code: 'second-account' } },
      { actor: expect.objectContaining({ email: 'gina@example.com' }), data: { attempt: 'account.link', code: 'taken' } },
      { actor: { kind: 'unknown' }, data: { attempt: 'account.link', code: 'other-person' } },
    ]);
    await workspace.as('erin').command('/access status');
    await told(workspace, workspace.as('erin'), 'no requests');
  });
});

it('an account whose link was taken back is linked again by a sign-in, and by nothing else', async () => {
  const { workspace } = running;
  const bob = workspace.as('bob');
  await bob.command('/access status');
  await told(workspace, bob, 'no requests');
  await bob.command('/access unlink');
  await told(workspace, bob, 'is not linked to');
  const before = await linksOf(running);
  expect(before).not.toContain('T0LOCAL01/U0BOB0001');
  await bob.command('/access status');
  const refused = await told(workspace, bob, 'was taken back');
  await bob.press(refused, 'link_account');
  const handedOut = await workspace.until(() => bob.ephemerals().find((each) => buttonsOf(each).includes('sign_in')));
  expect(await linksOf(running)).toEqual(before);
  oidc.decision = { allow: 'bob' };
  const browser = createBrowser();
  expect((await browser.submit(await signIn(urlIn(handedOut), browser))).status).toBe(200);
  expect(await linksOf(running)).toContain('T0LOCAL01/U0BOB0001');
  const already = bob.ephemerals().length;
  await bob.command('/access status');
  await workspace.until(() => JSON.stringify(bob.ephemerals().slice(already)).includes('no requests'));
  expectNoComplaints(running);
});
