import { rightKey } from '../../blocks/wire.ts';
import { type Desk, privately } from './desk.ts';
import { openForm } from './on-form.ts';
import type { Press } from './press.ts';
import { emptyForm, type FormState, keysOf } from './read-form.ts';

/** Opens the form filled with a right that was asked for before. One that is not offered any more leaves it empty. */
export const onHomeAgain = (desk: Desk, press: Press): Promise<void> =>
  openForm(desk, { ...press, tell: privately(desk, press.userId, press.respond) }, () => fill(desk, press));

async function fill(desk: Desk, { userId, value }: Press): Promise<FormState> {
  const caller = await desk.identities.caller(userId);
  const recent = caller.ok ? await desk.useCases.recentRights(caller.value) : [];
  const right = recent.find(({ integration, accessType, resource }) => rightKey(integration, accessType, resource) === value);
  return right === undefined || value === undefined ? emptyForm : { ...emptyForm, ...keysOf(right), seed: value };
}
