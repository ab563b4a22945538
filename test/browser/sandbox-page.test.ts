import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browserPath, launchBrowser } from '../support/browser.ts';
import { active, approval } from '../support/fake-sandbox-blocks.ts';
import { startFakeSandbox } from '../support/fake-sandbox-server.ts';

const COMMAND = '/access request pg role readonly --reason "look at orders" --duration 1m';

const executable = browserPath;
if (executable === undefined) it('the sandbox page', (context) => context.skip('no browser found'));
else describe('the sandbox page', () => usePage(executable));

function usePage(executable: string): void {
  let browser: Browser;
  let sandbox: Awaited<ReturnType<typeof startFakeSandbox>>;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchBrowser(executable);
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    sandbox = await startFakeSandbox();
    page = await browser.newPage();
    page.setDefaultTimeout(5000);
    complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    return async () => {
      await page.close();
      await sandbox.close();
      // A refusal by the content policy counts too: it is written to the console.
      expect(complaints).toEqual([]);
    };
  });

  const open = (query: string) => page.goto(`${sandbox.url}${query}`);
  const seat = (name: string) => page.getByRole('region', { name: `The workspace as ${name}` });
  const composer = (name: string) => seat(name).getByRole('combobox', { name: /^Write as/ });
  const become = (name: RegExp) => page.getByRole('radio', { name }).check();
  const place = (name: RegExp) => page.getByRole('navigation').getByRole('button', { name }).click();
  const lastAct = (type: string) => sandbox.acts.filter((act) => act.type === type).at(-1);

  it('takes a request from Bob and an approval from Alice with another duration', async () => {
    await open('');
    await page.getByRole('button', { name: 'Fill it in' }).click();
    await expect.poll(() => composer('Bob Baker').inputValue()).toBe(COMMAND);
    await composer('Bob Baker').press('Enter');
    await page.getByText('Only visible to you').waitFor();
    expect(lastAct('command')).toEqual({ as: 'U0BOB0001', type: 'command', channel: 'C0GENERAL', text: COMMAND });
    expect(await page.locator('.steps [aria-current=step]').textContent()).toContain('Approve');

    await become(/Alice/);
    await seat('Alice Archer').waitFor();
    expect(await page.getByText('Only visible to you').count()).toBe(0);
    await place(/approvals/);
    await page.getByLabel('Duration').selectOption({ label: '15 minutes' });
    await page.getByRole('button', { name: 'Approve', exact: true }).last().click();
    await page.getByText('Access active').waitFor();
    expect(await page.getByRole('button', { name: 'Deny' }).count()).toBe(0);
    expect(lastAct('block_action')).toMatchObject({
      as: 'U0ALICE01',
      container: { kind: 'message', channel: 'C0APPROVAL' },
      blockId: 'decision',
      actionId: 'approve',
      value: 'r1',
      state: { decision: { duration: { type: 'static_select', selected_option: { value: 'PT15M' } } } },
    });
    expect(await page.locator('.steps [aria-current=step]').textContent()).toContain('Connect');
  });

  it('fills in a modal, shows its errors, and submits it', async () => {
    await open('?as=bob');
    await composer('Bob Baker').fill('/access request');
    await composer('Bob Baker').press('Enter');
    const modal = page.getByRole('dialog', { name: 'Ask for access' });
    await modal.getByLabel('Resource').click();
    await modal.getByLabel('Resource').fill('sam');
    await modal.getByRole('option', { name: 'sample' }).click();
    await modal.getByLabel('readonly').check();
    await modal.getByRole('button', { name: 'Ask', exact: true }).click();
    await modal.getByText('Say in a few words').waitFor();
    expect(await modal.getByLabel('readonly').isChecked()).toBe(true);
    await modal.getByLabel('Reason').fill('look at orders');
    await modal.getByRole('button', { name: 'Ask', exact: true }).click();
    await modal.waitFor({ state: 'detached' });
    expect(lastAct('submit')?.['state']).toMatchObject({
      resource: { value: { type: 'external_select', selected_option: { value: 'sample' } } },
      role: { value: { type: 'radio_buttons', selected_option: { value: 'readonly' } } },
      duration: { value: { type: 'static_select', selected_option: { value: 'PT1H' } } },
      reason: { value: { type: 'plain_text_input', value: 'look at orders' } },
      ticket: { value: { type: 'plain_text_input', value: null } },
    });
  });

  it('keeps the focus in a modal and closes it with Escape', async () => {
    await open('?as=bob');
    await composer('Bob Baker').fill('/access request');
    await composer('Bob Baker').press('Enter');
    const modal = page.getByRole('dialog', { name: 'Ask for access' });
    await modal.waitFor();
    for (let press = 0; press < 12; press += 1) await page.keyboard.press('Tab');
    expect(await modal.locator(':focus').count()).toBe(1);
    await page.keyboard.press('Escape');
    await modal.waitFor({ state: 'detached' });
    expect(lastAct('close')).toMatchObject({ as: 'U0BOB0001' });
    expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(/^Write as Bob/);
  });

  it('loses nothing that is typed or chosen when something else changes', async () => {
    await open('?as=alice');
    await composer('Alice Archer').waitFor();
    sandbox.post('C0APPROVAL', 'U0CURFEW1', { text: 'Access request', blocks: approval('U0BOB0001', 'first') });
    await place(/approvals/);
    await page.getByLabel('Duration').selectOption({ label: '4 hours' });
    await composer('Alice Archer').fill('half a sent');
    await composer('Alice Archer').press('ArrowLeft');
    sandbox.post('C0APPROVAL', 'U0BOB0001', { text: 'are you there?' });
    await page.getByText('are you there?').first().waitFor();
    expect(await page.getByLabel('Duration').inputValue()).toBe('PT4H');
    await page.keyboard.type('X');
    expect(await composer('Alice Archer').inputValue()).toBe('half a senXt');
  });

  it('shows what people wrote as text, never as markup, and no live link but http', async () => {
    await open('?as=bob');
    const attack = '<img src=x onerror=alert(1)> &lt;b&gt; <javascript:alert(1)|click> *bold* <https://a.example|there>';
    await composer('Bob Baker').fill(attack);
    await composer('Bob Baker').press('Enter');
    const content = page.locator('.message .content').last();
    await content.waitFor();
    expect(await content.textContent()).toBe('<img src=x onerror=alert(1)> <b> <javascript:alert(1)|click> bold there');
    expect(await content.locator('img').count()).toBe(0);
    expect(await content.locator('a').count()).toBe(1);
    expect(await content.locator('a').getAttribute('href')).toBe('https://a.example');
  });

  it('reads mrkdwn in messages and leaves plain text alone', async () => {
    await open('?as=bob');
    await composer('Bob Baker').waitFor();
    const text =
      '*b* _i_ ~s~ `c&lt;` :eyes: snake_case_word 2*3*4\n&gt; said <@U0BOB0001>\nin <#C0GENERAL|x> <!here>\n```\n*raw*\n```\nend';
    sandbox.post('C0GENERAL', 'U0DAVE001', { text });
    const content = page.locator('.message .content').last();
    expect(await content.innerHTML()).toBe(
      '<strong>b</strong> <em>i</em> <s>s</s> <code>c&lt;</code> 👀 snake_case_word 2*3*4' +
        '<blockquote>said <span class="mention">@Bob Baker</span></blockquote>' +
        'in <span class="mention">#general</span> <span class="mention">@here</span><pre>*raw*</pre>end',
    );
    const plain = { type: 'plain_text', text: '*not bold* <!here> &amp;' };
    sandbox.post('C0GENERAL', 'U0CURFEW1', { text: 'x', blocks: [{ type: 'section', block_id: 'p', text: plain }] });
    expect(await page.locator('.message .section-text').textContent()).toBe('*not bold* <!here> &amp;');
  });

  it('asks before it does what needs a confirmation', async () => {
    await open('?as=bob');
    await composer('Bob Baker').waitFor();
    sandbox.post('D0BOB0001', 'U0CURFEW1', { text: 'Access active', blocks: active('1 minute', 2_000_000_000) });
    await place(/Messages.*1/);
    await page.getByRole('button', { name: 'Relinquish' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    expect(lastAct('block_action')).toBeUndefined();
    await page.getByRole('button', { name: 'Relinquish' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Relinquish' }).click();
    await expect.poll(() => lastAct('block_action')).toMatchObject({ actionId: 'relinquish', value: 'g1' });
  });

  it('seats two people side by side, each live', async () => {
    await open('?as=bob&and=alice');
    await composer('Bob Baker').fill('hello from here');
    await composer('Bob Baker').press('Enter');
    await seat('Alice Archer').locator('.content', { hasText: 'hello from here' }).waitFor();
    await seat('Alice Archer').getByRole('button', { name: 'Home' }).click();
    await seat('Alice Archer').getByText('Waiting for you').waitFor();
    await seat('Alice Archer').getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Relinquish' }).click();
    await expect.poll(() => lastAct('block_action')).toMatchObject({ as: 'U0ALICE01', selectedOption: { value: 'r' } });
  });

  it('says that it reconnects, and then shows what it missed', async () => {
    await open('?as=bob');
    await composer('Bob Baker').waitFor();
    sandbox.cut();
    await page.getByText('Reconnecting').waitFor();
    sandbox.post('C0GENERAL', 'U0DAVE001', { text: 'said meanwhile' });
    await page.locator('.content', { hasText: 'said meanwhile' }).waitFor({ timeout: 15_000 });
    await expect.poll(() => page.getByText('Reconnecting').count()).toBe(0);
  });

  it('falls back to Bob for a stranger and completes commands', async () => {
    await open('?as=mallory');
    await composer('Bob Baker').waitFor();
    // The browser itself writes the refused stream to the console.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('404')]);
    await composer('Bob Baker').fill('/');
    await page.getByRole('listbox', { name: 'Commands' }).waitFor();
    await composer('Bob Baker').press('Tab');
    expect(await composer('Bob Baker').inputValue()).toBe('/access ');
  });
}
