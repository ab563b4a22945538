/** The options of the request form's selects, as somebody types. */
import { decodeMemo } from '../../blocks/form-wire.ts';
import { integrationOffer, resourceOffer } from '../../blocks/form-right.ts';
import { type OptionId, viewIds } from '../../blocks/wire.ts';
import type { Caller, CatalogItem } from '../app/ports.ts';
import type { AskForm } from '../app/request-form.ts';
import { type Desk, reportFault } from './desk.ts';
import { allowAsked } from './on-allow.ts';
import { inTime } from './in-time.ts';
import { askedBy } from './on-form.ts';
import { emptyForm } from './read-form.ts';

export type Offer = ReturnType<typeof integrationOffer>;
export type Typing = {
  readonly userId: string;
  readonly query: string;
  readonly metadata: string;
  readonly callbackId?: string | undefined;
};
type Offering = (desk: Desk, typing: Typing) => Promise<Offer>;

const none: Offer = { options: [] };
/** Longer than any name; what follows says nothing. */
const longestQuery = 200;

const offers: Record<OptionId, Offering> = {
  async form_integration(desk, typing) {
    const found = await asking(desk, typing);
    if (found === undefined) return none;
    const { integrations } = await found.form();
    const wanted = typing.query.toLowerCase();
    return integrationOffer(integrations.filter(({ name, service }) => `${name} ${service}`.toLowerCase().includes(wanted)));
  },
  async form_resource(desk, typing) {
    const found = await asking(desk, typing);
    if (found === undefined) return none;
    return resourceOffer(await found.resources(typing.query.slice(0, longestQuery)));
  },
};

/** Of the form in which somebody types. */
async function asking(desk: Desk, { userId, metadata, callbackId }: Typing) {
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return undefined;
  const memo = decodeMemo(metadata);
  const state = { ...emptyForm, ...memo, start: undefined, each: undefined };
  if (callbackId === viewIds.allow) return offeredBy(desk.useCases.allowing, caller.value, await allowAsked(desk, state));
  return offeredBy(desk.useCases.asking, caller.value, await askedBy(desk, state));
}

type Offered = Pick<AskForm, 'integrations'>;
type Doors<A> = {
  form(caller: Caller, asked: A): Promise<Offered>;
  resources(caller: Caller, asked: A, query: string): Promise<readonly CatalogItem[]>;
};
const offeredBy = <A>(doors: Doors<A>, caller: Caller, asked: A) => ({
  form: () => doors.form(caller, asked),
  resources: (query: string) => doors.resources(caller, asked, query),
});

/** A list has no place for words: a fault, or an answer that comes too late, leaves it empty, and is in the log. */
export async function offer(desk: Desk, id: OptionId, typing: Typing): Promise<Offer> {
  const work = offers[id](desk, typing).catch((error: unknown) => {
    reportFault(desk.log, error);
    return none;
  });
  const found = await inTime(work);
  if (found === undefined) desk.log.warn({ list: id }, 'the options of a list were not there in time');
  return found ?? none;
}
