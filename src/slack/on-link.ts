/** `/access link` and `/access unlink`: whose this Slack account is. They are Slack's alone, and no commands of the API. */
import { sentence } from '../../blocks/kit.ts';
import { rejectionMessage } from '../../blocks/notices.ts';
import { linkedMessage, signInHeading, signInMessage, signInView, unlinkedMessage } from '../../blocks/sign-in.ts';
import { attempt, type Desk, openWindow, privately, type Tell, windowOf } from './desk.ts';
import type { Press } from './press.ts';

const about = { link: 'Have this Slack account linked to you', unlink: 'Take that link back' } as const;
type LinkWord = keyof typeof about;

export const isLinkWord = (word: string | undefined): word is LinkWord => word !== undefined && Object.hasOwn(about, word);

/** For the help text, below the commands that there are everywhere. */
export const linkHelp = (command: string): string =>
  ['In Slack:', ...Object.entries(about).map(([word, what]) => `  ${`${command} ${word}`.padEnd(command.length + 8)}  ${what}`)].join('\n');

export async function onLinkWord(desk: Desk, userId: string, [word, ...more]: readonly [LinkWord, ...string[]], tell: Tell): Promise<void> {
  if (more.length > 0)
    return tell(sentence(`${desk.command} ${word} takes nothing more. It is for your own account.`, linkHelp(desk.command)));
  return word === 'link' ? link(desk, userId, tell) : unlink(desk, userId, tell);
}

async function link(desk: Desk, userId: string, tell: Tell): Promise<void> {
  const address = await addressFor(desk, userId);
  await tell('address' in address ? signInMessage(address.address) : address);
}

/** The button below the sentence that this account is linked to nobody. The answer stands where the button does. */
export async function onLinkAccount(desk: Desk, press: Press): Promise<void> {
  const { userId, view, triggerId } = press;
  const tell = privately(desk, userId, press.respond);
  await attempt(desk, tell, async () => {
    if (view === undefined) return link(desk, userId, tell);
    const opened = view.isHome ? await openWindow(desk, triggerId, signInHeading) : windowOf(desk, view.id, signInHeading);
    await attempt(desk, opened.tell, async () => {
      const address = await addressFor(desk, userId);
      await ('address' in address ? opened.show(signInView(address.address)) : opened.tell(address));
    });
  });
}

/** Where this person signs in, or why they need not or cannot. */
async function addressFor(desk: Desk, userId: string) {
  const found = await desk.identities.account(userId);
  if (!found.ok) return rejectionMessage(found.rejection);
  const { account, shown, caller, isTakenBack } = found.value;
  if (caller !== undefined) return linkedMessage(caller.person.email, desk.command);
  if (desk.openSignIn !== undefined) return { address: await desk.openSignIn(account, shown) };
  if (!isTakenBack) return sentence('Nobody needs to sign in here: an account is linked by its e-mail address when it is used.');
  const again = await desk.identities.linkAgain(userId);
  return again.ok ? linkedMessage(again.value.person.email, desk.command) : rejectionMessage(again.rejection);
}

async function unlink(desk: Desk, userId: string, tell: Tell): Promise<void> {
  const found = await desk.identities.account(userId);
  if (!found.ok) return tell(rejectionMessage(found.rejection));
  const { account, caller } = found.value;
  if (caller === undefined) return tell(sentence('This Slack account is linked to nobody.'));
  const done = await desk.useCases.accounts.unlink(caller, account);
  await tell(done.ok ? unlinkedMessage(done.value.email, desk.command) : rejectionMessage(done.rejection));
}
