/** With what the request form begins. */
import { readDraft } from '../domain/command-draft.ts';
import { parseEmail } from '../domain/ids.ts';
import { optionKey } from '../domain/option-key.ts';
import { apiError } from './api-error.ts';
import type { Desk } from './desk.ts';
import { withAddresses } from './mentions.ts';
import { emptyForm, type FormState } from './read-form.ts';

/** Whatever could be read of a command. */
export async function formOfCommand(desk: Desk, argv: readonly string[]): Promise<FormState> {
  const { service, integration, accessType, resource, reason, duration, to } = readDraft(await withAddresses(desk, argv));
  const key = (name: string | undefined): string | undefined => (name === undefined ? undefined : optionKey(name));
  const email = to === undefined ? undefined : parseEmail(to);
  const account = email === undefined ? undefined : await desk.people.idOf(email);
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
  };
}

/** The message's link in the reason. Without one the form is as useful. */
export async function formOfMessage(desk: Desk, at: { readonly channel: string; readonly ts: string }): Promise<FormState> {
  try {
    const { permalink } = await desk.client.chat.getPermalink({ channel: at.channel, message_ts: at.ts });
    return { ...emptyForm, reason: permalink === undefined ? undefined : `${permalink}\n` };
  } catch (error) {
    desk.log.warn({ error: apiError(error) ?? String(error) }, 'a message has no link; the form opens without one');
    return emptyForm;
  }
}
