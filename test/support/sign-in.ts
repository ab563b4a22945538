/** What the tests of signing in have in common: Curfew beside a provider, and a person with Slack and a browser. */
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { Message } from '../../src/sandbox/slack/state.ts';
import { must } from './http-app.ts';
import { buttonsOf } from './journey.ts';
import { createBrowser, type Shown } from './page-browser.ts';
import { type RunningCurfew, startCurfew, type Transport } from './running-curfew.ts';
import { client, type startSignInProvider } from './sign-in-provider.ts';

export type Oidc = Awaited<ReturnType<typeof startSignInProvider>>;

export async function startBeside(
  oidc: Oidc,
  transport: Transport,
  { linkByEmail = false, slack = {} }: Pick<Parameters<typeof startCurfew>[0], 'linkByEmail' | 'slack'> = {},
): Promise<RunningCurfew> {
  const also = `signIn: ${JSON.stringify({ issuer: oidc.issuer, clientId: client.id, clientSecret: client.secret })}\n`;
  const running = await startCurfew({ transport, also, linkByEmail, slack });
  oidc.callback = `${running.curfew.url}/link/callback`;
  return running;
}

export const urlIn = (message: Pick<Message, 'blocks'>): string =>
  must(
    elementsOf(message.blocks).flatMap(({ element }) =>
      'url' in element && typeof element['url'] === 'string' ? [element['url']] : [],
    )[0],
  );

/** Types `/access link`, and takes the link out of the answer. */
export async function linkFor({ workspace }: RunningCurfew, who: string): Promise<string> {
  const hands = workspace.as(who);
  const before = hands.ephemerals().length;
  await hands.command('/access link');
  return urlIn(
    await workspace.until(() =>
      hands
        .ephemerals()
        .slice(before)
        .find((each) => buttonsOf(each).includes('sign_in')),
    ),
  );
}

/** Through the provider to the page that asks once more. */
export async function signIn(link: string, browser = createBrowser()): Promise<Shown> {
  return browser.submit(await browser.go(link));
}

export async function linkAs(running: RunningCurfew, oidc: Oidc, who: string, as: string): Promise<Shown> {
  oidc.decision = { allow: as };
  const browser = createBrowser();
  return browser.submit(await signIn(await linkFor(running, who), browser));
}

/** What Slack accounts are linked, as `workspace/user`. */
export const linksOf = async ({ curfew }: RunningCurfew): Promise<string[]> =>
  (await curfew.pool.query(`select subject from identities where provider = 'slack' order by 1`)).rows.map(({ subject }) => subject);

export const eventsOf = async (
  { curfew }: RunningCurfew,
  action: string,
): Promise<{ actor: { email?: string }; data: Record<string, unknown> }[]> =>
  (await curfew.pool.query(`select actor, data from audit where action = $1 order by id`, [action])).rows;
