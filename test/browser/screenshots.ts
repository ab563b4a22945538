/** `npm run screenshots`: a picture of every scene, taken from the page of the local workspace, and docs/slack.md that shows them. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { WebClient } from '@slack/web-api';
import type { Browser, Locator, Page } from 'playwright-core';
import { directChannel } from '../../src/sandbox/slack/messages.ts';
import { closeModal, openModal, stackOf } from '../../src/sandbox/slack/modals.ts';
import { browserPath, launchBrowser } from '../support/browser.ts';
import { gallery, galleryHeading } from '../support/gallery.ts';
import { start } from '../support/http-app.ts';
import { type LocalSlack, startLocalSlack, TOKENS } from '../support/local-slack.ts';
import { ordinaryWords } from '../support/scene-values.ts';
import { smallPng } from '../support/small-png.ts';
import { type Scene, slackScenes } from '../support/slack-scenes.ts';

const folder = new URL('../../docs/images/slack/', import.meta.url);
const document = new URL('../../docs/slack.md', import.meta.url);
/** A phone's width; tall, so that no window has to be scrolled. */
const viewport = { width: 430, height: 2400 };
const approvals = 'C0APPROVAL';
const places = { channel: /approvals/, dm: /Messages/, private: /Messages/, home: /Home/ } as const;

async function openPage(browser: Browser, slack: LocalSlack, as: Scene['as']): Promise<Page> {
  const context = await browser.newContext({
    viewport,
    deviceScaleFactor: 1,
    timezoneId: 'Europe/Berlin',
    locale: 'en-US',
    reducedMotion: 'reduce',
    // For the style below; nothing else is added to the page.
    bypassCSP: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  // "Today" is the day on which everything in the scenes happens.
  await page.clock.setFixedTime(start);
  await page.goto(`${slack.url}/sandbox?as=${as}`);
  await page.getByRole('region', { name: /^The workspace as/ }).waitFor();
  // A caret blinks or not, and what has the focus has a ring.
  await page.addStyleTag({
    content: '* { caret-color: transparent !important; outline: none !important; } .message .more { display: none; }',
  });
  return page;
}

/** Puts a scene into the workspace, and takes everything else of its kind away. */
async function stage(slack: LocalSlack, web: WebClient, scene: Scene, page: Page): Promise<Locator> {
  const { state } = slack.workspace;
  const userId = slack.workspace.as(scene.as).id;
  const shown = scene.show();
  if (!('type' in shown)) {
    const channel = scene.place === 'channel' ? approvals : directChannel(state, userId).id;
    const message = { channel, text: shown.text, blocks: shown.blocks };
    const ts =
      scene.place === 'private'
        ? (await web.chat.postEphemeral({ ...message, user: userId })).message_ts
        : (await web.chat.postMessage(message)).ts;
    return page.locator(`.message[data-ts="${ts}"]`);
  }
  if (shown.type === 'home') {
    await web.views.publish({ user_id: userId, view: shown });
    return page.locator('.home', { has: page.locator('.block') }).locator('> .blocks');
  }
  const opened = openModal(state, userId, JSON.parse(JSON.stringify(shown)));
  if (!opened.ok) throw new Error(`${scene.name}: ${opened.error} ${(opened.messages ?? []).join(' ')}`);
  Object.assign(opened.view.errors, scene.errors ?? {});
  state.changed();
  return page.getByRole('dialog');
}

function clearAway(slack: LocalSlack, { as }: Scene): void {
  const { state } = slack.workspace;
  const userId = slack.workspace.as(as).id;
  for (const view of stackOf(state, userId)) closeModal(state, view);
  state.homes.delete(userId);
  for (const channel of state.channels.values()) channel.messages.length = 0;
  state.changed();
}

async function takeAll(browser: Browser, slack: LocalSlack): Promise<number> {
  const web = new WebClient(TOKENS.botToken, { slackApiUrl: `${slack.url}/sandbox/slack/api/`, retryConfig: { retries: 0 } });
  const pages = new Map<string, Page>();
  let bytes = 0;
  for (const scene of slackScenes(ordinaryWords)) {
    const page = pages.get(scene.as) ?? (await openPage(browser, slack, scene.as));
    pages.set(scene.as, page);
    clearAway(slack, scene);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    directChannel(slack.workspace.state, slack.workspace.as(scene.as).id);
    slack.workspace.state.changed();
    if (scene.place !== 'modal') await page.getByRole('navigation').getByRole('button', { name: places[scene.place] }).click();
    if (scene.place === 'home') await page.locator('.home .start').waitFor();
    const element = await stage(slack, web, scene, page);
    await element.waitFor();
    const picture = smallPng(await element.screenshot({ animations: 'disabled' }));
    await writeFile(new URL(`${scene.name}.png`, folder), picture);
    bytes += picture.length;
  }
  return bytes;
}

async function writeGallery(): Promise<void> {
  const [words] = (await readFile(document, 'utf8')).split(galleryHeading);
  await writeFile(document, `${words}${gallery(slackScenes(ordinaryWords))}`);
}

async function main(): Promise<void> {
  if (browserPath === undefined) throw new Error('No browser was found: set CHROMIUM to the path of Chromium or Chrome.');
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder)) await rm(new URL(file, folder));
  const browser = await launchBrowser(browserPath);
  try {
    await using slack = await startLocalSlack({ now: () => start });
    const bytes = await takeAll(browser, slack);
    await writeGallery();
    process.stdout.write(`${slackScenes(ordinaryWords).length} pictures, ${Math.round(bytes / 1000)} kB, in docs/images/slack/\n`);
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
