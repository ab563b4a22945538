import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { browserPath, launchBrowser } from '../support/browser.ts';
import { trust } from '../support/https.ts';
import { linkFor, linksOf, startBeside } from '../support/sign-in.ts';
import { startSignInProvider } from '../support/sign-in-provider.ts';

const name = 'signs in on the pages, through the redirects of the provider, and links the Slack account';
const executable = browserPath;
if (executable === undefined) it(name, (context) => context.skip('no browser found'));
else it(name, { timeout: 60_000 }, () => signInOnPages(executable));

/** A phone's. A page that is wider must be moved sideways to be read. */
const viewport = { width: 390, height: 844 };

async function signInOnPages(executable: string): Promise<void> {
  await using oidc = await startSignInProvider();
  using _trusted = trust(oidc.certificate);
  await using running = await startBeside(oidc, 'socket');
  await using stack = new AsyncDisposableStack();
  const browser = await launchBrowser(executable);
  stack.defer(() => browser.close());
  const context = await browser.newContext({ viewport, ignoreHTTPSErrors: true, javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  // What a policy blocks is told on the console, and nowhere else.
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));

  const link = await linkFor(running, 'bob');
  await page.goto(link);
  await page.getByText('bob / Bob Baker').waitFor();
  await fits(page);
  await page.getByRole('button', { name: 'Sign in' }).click();

  await page.waitForURL(`${running.curfew.url}/link/confirm`);
  expect(oidc.calls).toContain('GET /auth');
  await page.getByText('bob@example.com').waitFor();
  expect(await linksOf(running)).toEqual([]);
  await fits(page);
  await page.getByRole('button', { name: 'Link this account to me' }).click();

  await page.getByRole('heading', { name: 'Your Slack account is linked' }).waitFor();
  await fits(page);
  expect(await linksOf(running)).toEqual(['T0LOCAL01/U0BOB0001']);
  expect(complaints).toEqual([]);

  expect((await page.goto(link))?.status()).toBe(410);
  await fits(page);
}

/** Styled by the sheet, and no wider than the phone. */
async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(`getComputedStyle(document.querySelector('main')).paddingLeft`)).toBe('20px');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
}
