import { describe, expect, it } from 'vitest';
import { browserPath, launchBrowser } from '../support/browser.ts';
import { command, expectNoComplaints, logIn, loginProblem, refusals } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

const executable = browserPath;
if (executable === undefined) it('the journey on the page', (context) => context.skip('no browser found'));
else describe('the journey on the page', () => goThrough(executable));

function goThrough(executable: string): void {
  it('asks as Bob, approves as Alice for longer, shows Bob the password, and gives the access back', { timeout: 60_000 }, async () => {
    await using product = await startCurfew({ transport: 'built-in' });
    await using stack = new AsyncDisposableStack();
    const browser = await launchBrowser(executable);
    stack.defer(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    const become = (name: RegExp) => page.getByRole('radio', { name }).check();
    const place = (name: RegExp) => page.getByRole('navigation').getByRole('button', { name }).click();
    const button = (name: RegExp) => page.getByRole('log').getByRole('button', { name });

    await page.goto(`${product.curfew.url}/sandbox?as=bob`);
    const composer = page.getByRole('combobox', { name: /^Write as Bob/ });
    await composer.fill(command);
    await composer.press('Enter');
    await page.getByRole('log').getByText('Request made').waitFor();

    await become(/Alice/);
    await place(/approvals/);
    await button(/^Approve role readonly/).waitFor();
    await page.getByRole('log').getByText('look at orders').waitFor();
    await page.getByLabel('How long').selectOption({ label: '5 minutes' });
    await button(/^Approve role readonly/).click();
    await button(/^Revoke role readonly/).waitFor();
    expect(await button(/^(Approve|Deny)/).count()).toBe(0);

    await become(/Bob/);
    await place(/Messages/);
    await button(/^Show the password/).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Show it' }).click();
    const window = page.getByRole('dialog', { name: 'Your password' });
    await window.getByText('Copy it now').waitFor();
    const [password = '', usage = ''] = await window.locator('pre').allTextContents();
    const session = await logIn({ usage, password });
    expect(session.orders).toBe(48);
    await window.getByRole('button', { name: 'Close' }).first().click();
    await window.waitFor({ state: 'detached' });
    await button(/^Show the password/).waitFor({ state: 'detached' });

    await button(/^Give back role readonly/).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Give it back' }).click();
    await session.cut;
    await expect.poll(() => loginProblem({ usage, password }), { timeout: 10_000 }).toSatisfy((code) => refusals.includes(code));
    await page.getByRole('log').getByText('has ended').waitFor();
    // Every message has a menu; of what the product put there, nothing but the receipt is left to press.
    await expect.poll(() => button(/^(?!More actions for this message|Receipt for )/).count()).toBe(0);
    expect(complaints).toEqual([]);
    expectNoComplaints(product);
  });
}
