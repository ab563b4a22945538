/** With what the request form begins. */
import { readDraft } from '../domain/command-draft.ts';
import { draftOfHours } from '../domain/hours-draft.ts';
import { canonicalEmail, type Email, parseEmail } from '../domain/ids.ts';
import { optionKey } from '../domain/option-key.ts';
import { apiError } from './api-error.ts';
import type { Desk } from './desk.ts';
import { withAddresses } from './mentions.ts';
import { emptyForm, type FormState } from './read-form.ts';

/** Whatever could be read of a command. */
export async function formOfCommand(desk: Desk, argv: readonly string[]): Promise<FormState> {
  const { service, integration, accessType, resource, reason, duration, to, window, breakGlass } = readDraft(
    await withAddresses(desk, argv),
  );
  const key = (name: string | undefined): string | undefined => (name === undefined ? undefined : optionKey(name));
  const email = to === undefined ? undefined : parseEmail(to);
  const account = email === undefined ? undefined : await accountFor(desk, email);
  return {
    ...emptyForm,
    service: key(service),
    integration: key(integration),
    accessType: key(accessType),
    resource: key(resource),
    reason,
    duration,
    forOther: argv[0] === 'grant',
    to: account,
    stranger: account === undefined ? to : undefined,
    hours: window === undefined ? undefined : draftOfHours(window),
    breakGlass: breakGlass === true,
  };
}

/** The account that is shown for an address must be that person's for us: anybody may write an address into their profile (ADR 10). */
async function accountFor({ identities, people }: Desk, email: Email): Promise<string | undefined> {
  const account = (await identities.linkedUser(email)) ?? (await people.idOf(email));
  if (account === undefined) return undefined;
  const theirs = await identities.addressOf(account);
  return theirs !== undefined && canonicalEmail(theirs) === canonicalEmail(email) ? account : undefined;
}

/** `workspace`: the domain of the one it was chosen in; undefined where Slack names none. */
export type ChosenMessage = { readonly channel: string; readonly ts: string; readonly workspace: string | undefined };

/** The message's link in the reason. Without one the form is as useful. */
export async function formOfMessage(desk: Desk, at: ChosenMessage): Promise<FormState> {
  const link = (await permalinkOf(desk, at)) ?? linkOf(at);
  return link === undefined ? emptyForm : { ...emptyForm, reason: `${link}\n` };
}

async function permalinkOf({ client, log }: Desk, { channel, ts }: ChosenMessage): Promise<string | undefined> {
  try {
    return (await client.chat.getPermalink({ channel, message_ts: ts })).permalink;
  } catch (error) {
    log.warn(
      { error: apiError(error) ?? String(error) },
      'Slack gives no link to a message; the form opens with the one that it must have',
    );
    return undefined;
  }
}

/** Of channels that this app is no member of Slack tells us nothing; whoever is sees the message by this. */
const linkOf = ({ channel, ts, workspace }: ChosenMessage): string | undefined =>
  workspace === undefined ? undefined : `https://${workspace}.slack.com/archives/${channel}/p${ts.replace('.', '')}`;
