/** The form that asks for access: what it offers one person, what would become of what they chose, and its submission. */
import { type DurationSeconds, isDurationSeconds, toSeconds } from '../domain/duration.ts';
import type { Forecast } from '../domain/forecast.ts';
import { canonicalEmail, type Email, type Org, parseEmail, type PersonId } from '../domain/ids.ts';
import { optionKey } from '../domain/option-key.ts';
import { parseRecurringWindow } from '../domain/recurring-window.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { onCallAccess, requirementsOf } from '../domain/route.ts';
import { allowedDurations } from '../domain/settings.ts';
import type { Instant } from '../domain/time.ts';
import { isGivenBy, notForOthers, wayAround } from './break-glass.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import { type Glance, takeGlance } from './glance.ts';
import { type For, offeredIntegrations, offeredResources, offeredTypes } from './offered-rights.ts';
import type { Caller, CatalogItem, Integration } from './ports.ts';
import type { Cover } from './pre-approvals.ts';
import { recentRights } from './recent-rights.ts';
import type { RoutingDeps } from './routing.ts';
import { type CatalogEntry, whyNotSeeOthers } from './shown-catalog.ts';
import { foresee } from './simulate-policy.ts';
import { whyNoHours } from './submit-request.ts';
import type { RequestDoors, Submitted } from './use-cases.ts';

/** What was chosen so far, as the {@link optionKey} of each name; a service stands for its integration where it has only one. */
export type Asked = {
  readonly service?: string | undefined;
  readonly integration: string | undefined;
  readonly accessType: string | undefined;
  readonly resource: string | undefined;
  /** An address; undefined: for the caller. Empty: for somebody else, who is not known yet. */
  readonly to: string | undefined;
  /** Undefined: the smallest preset. */
  readonly duration: DurationSeconds | undefined;
  /** An end instead of a length. */
  readonly until: Instant | undefined;
  /** Hours that come again, as `recurring-window.ts` takes them. */
  readonly window?: string | undefined;
  /** At once, without an approver. */
  readonly breakGlass?: boolean | undefined;
};

export type Named = { readonly name: string; readonly service: string };

export type AskForm = {
  /** The presets that the settings allow, ascending; the first is the default. */
  readonly durations: readonly DurationSeconds[];
  readonly maximum: DurationSeconds;
  /** Those from which something may be asked for, and the one that was chosen. */
  readonly integrations: readonly Named[];
  /** Of the chosen integration. */
  readonly accessTypes: readonly string[];
  /** Where there is nothing to choose, it is chosen. */
  readonly chosen: {
    readonly integration: Named | undefined;
    readonly accessType: string | undefined;
    readonly resource: CatalogItem | undefined;
  };
  readonly recent: readonly CatalogEntry[];
  readonly now: Instant;
  /** Undefined: not everything is chosen. */
  readonly forecast: Forecast | undefined;
  readonly reasonRequired: boolean;
  /** How long it may last where the caller may take it at once; undefined: they may not, or need not. */
  readonly breakGlass?: DurationSeconds | undefined;
};

export type AskWish = Asked & { readonly reason: string | undefined };

/** Only for people who ask by themselves; nothing of it is put on record but {@link AskingDoors.submit}. */
export type AskingDoors = {
  form(caller: Caller, asked: Asked): Promise<AskForm>;
  /** At most 100 resources of the chosen access type, best matches first. */
  resources(caller: Caller, asked: Asked, query: string): Promise<readonly CatalogItem[]>;
  /** As {@link RequestDoors.submitRequest}; refuses as `invalid-value` what is not offered any more and ends that are over. */
  submit(caller: Caller, wish: AskWish): Promise<Result<Submitted>>;
};

export function createAskingDoors(deps: DecideDeps, door: Doorway, doors: Pick<RequestDoors, 'submitRequest'>): AskingDoors {
  return {
    form: (caller, asked) => askForm(deps, caller, asked),
    resources: (caller, asked, query) => resources(deps, caller, asked, query),
    submit: door({ scope: 'command', attempt: 'request.submit' }, async (caller, wish) => {
      const chosen = findChosen(deps, wish);
      const { integration, accessType, item } = chosen;
      if (integration === undefined || accessType === undefined || item === undefined)
        return reject({ code: 'invalid-value', field: 'resource', why: 'This is not offered any more. Choose again.' });
      const duration = lengthOf(wish, await deps.store.now());
      if (!duration.ok) return duration;
      const { name, service } = integration;
      const right = { service, accessType, resource: item.resource, integration: name };
      const { reason, to, window, breakGlass } = wish;
      return doors.submitRequest(caller, { right, reason, duration: duration.value, to, window, breakGlass });
    }),
  };
}

/** Whole minutes, as ends are chosen: whoever sends the same twice within one asks for the same. */
function lengthOf({ duration, until }: Asked, now: Instant): Result<DurationSeconds | undefined> {
  if (until === undefined) return accept(duration);
  const seconds = Math.floor((until - now) / 60_000) * 60;
  return isDurationSeconds(seconds)
    ? accept(seconds)
    : reject({ code: 'invalid-value', field: 'until', why: 'This is over, or too far away. Choose another time.' });
}

async function askForm(deps: DecideDeps, caller: Caller, asked: Asked): Promise<AskForm> {
  const glance = takeGlance(deps.routing, deps.store);
  const whose = await whom(glance, caller, asked.to);
  const known = findChosen(deps, asked);
  const offered = await offeredIntegrations(glance, whose, deps.integrations.all());
  const integration = known.integration ?? only(offered);
  const types = integration === undefined ? [] : await offeredTypes(glance, whose, integration);
  const accessType = known.accessType ?? only(types);
  const [settings, now, recent] = await Promise.all([deps.store.settings(caller.org), deps.store.now(), recentRights(deps, caller)]);
  const base = {
    durations: allowedDurations(settings),
    maximum: toSeconds(settings.maxAccess),
    integrations: withChosen(offered, integration).map(named),
    accessTypes: withChosen(types, accessType),
    recent,
    now,
    chosen: { integration: integration && named(integration), accessType, resource: known.item },
  };
  if (integration === undefined || known.item === undefined || asked.to === '')
    return { ...base, forecast: undefined, reasonRequired: false };
  if (!whose.isTold) return { ...base, forecast: { kind: 'untold' }, reasonRequired: false };
  const { window, breakGlass = false } = asked;
  return {
    ...base,
    ...(await forecast(deps, glance, whose, integration, known.item, { length: lengthOf(asked, now), window, breakGlass })),
  };
}

/** With a reason and a length: the form has both. */
async function forecast(
  deps: DecideDeps,
  glance: Glance,
  { org, email, taker, asker }: Whose,
  integration: Integration,
  { accessType, resource }: CatalogItem,
  {
    length,
    window,
    breakGlass,
  }: { readonly length: Result<DurationSeconds | undefined>; readonly window: string | undefined; readonly breakGlass: boolean },
): Promise<Pick<AskForm, 'forecast' | 'reasonRequired' | 'breakGlass'>> {
  const outlook = await deps.store.outlook(org, email);
  const { name, service } = integration;
  const duration = (length.ok ? length.value : undefined) ?? allowedDurations(outlook.settings)[0];
  const permission = { integration: name, service, accessType, resource };
  const supposed = { org, email, requestor: asker, permission, integration, reason: 'any', duration, at: undefined };
  const foreseen = await foresee({ ...deps, routing: glance.routing }, glance.reads, outlook, supposed);
  const { outcome, cover, inItsHours, refusal, approvers } = foreseen;
  const atMost = taker === undefined ? undefined : mostAtOnce(glance.routing, foreseen);
  const told = (each: Forecast) => ({ forecast: each, reasonRequired: requirementsOf(outcome).reason, breakGlass: atMost });
  const hours = window === undefined ? accept(undefined) : parseRecurringWindow(window);
  const refused =
    refusal ?? (length.ok ? undefined : length.rejection) ?? (hours.ok ? whyNoHours(outcome, { hours: hours.value }) : hours.rejection);
  const isGiven = cover !== undefined || isGivenBy(foreseen);
  if (breakGlass && !isGiven && (refused === undefined || ofApprovers.has(refused.code)))
    return { ...told(await inEmergency(deps, org, taker, atMost, duration)), reasonRequired: true };
  if (refused !== undefined) return told({ kind: 'refused', rejection: refused });
  if (cover !== undefined) return told({ kind: 'at-once', because: 'pre-approval', atMost: undefined, within: withinOf(cover) });
  if (outcome.kind === 'auto')
    return told({ kind: 'at-once', because: taker === undefined ? 'other-on-call' : 'on-call', atMost: onCallAccess });
  if (outcome.kind === 'persistent')
    return told({ kind: 'at-once', because: 'policy', atMost: undefined, hours: hours.ok ? hours.value : undefined });
  return told({ kind: 'people', approvers, hours: inItsHours?.hours });
}

async function inEmergency(
  { store }: DecideDeps,
  org: Org,
  taker: PersonId | undefined,
  atMost: DurationSeconds | undefined,
  duration: DurationSeconds | undefined,
): Promise<Forecast> {
  const refuse = (rejection: Rejection): Forecast => ({ kind: 'refused', rejection });
  if (taker === undefined) return refuse(notForOthers);
  if (atMost === undefined) return refuse({ code: 'no-break-glass' });
  const owed = await store.breakGlass.owed(org, taker);
  if (owed !== undefined) return refuse({ code: 'review-owed', request: owed });
  return { kind: 'break-glass', lasts: duration !== undefined && duration < atMost ? duration : atMost };
}

/** What refuses whoever waits for approvers, and nobody who goes around them. */
const ofApprovers: ReadonlySet<Rejection['code']> = new Set([
  'unavailable',
  'not-configured',
  'nobody-can-approve',
  'preapproval-required',
  'duration-required',
]);

/** Undefined where nobody need go around approvers, or no policy lets them. */
function mostAtOnce(routing: RoutingDeps, foreseen: Awaited<ReturnType<typeof foresee>>) {
  const found = wayAround(routing, foreseen, foreseen.cover !== undefined);
  return found.kind === 'may' ? found.atMost : undefined;
}

const withinOf = ({ hours, until }: Cover) => (hours === undefined || until === undefined ? undefined : { hours, closesAt: until });

async function resources(deps: DecideDeps, caller: Caller, asked: Asked, query: string): Promise<readonly CatalogItem[]> {
  const { integration } = findChosen(deps, asked);
  if (integration === undefined || asked.accessType === undefined) return [];
  const glance = takeGlance(deps.routing, deps.store);
  const whose = await whom(glance, caller, asked.to);
  return offeredResources(glance, whose, integration, { accessType: asked.accessType, query, most: 100 });
}

/** `taker`: the caller, where it is for themselves, as break-glass access has to be. */
type Whose = For & { readonly isTold: boolean; readonly taker: PersonId | undefined; readonly asker: Email };

/**
 * Whose offer it is. What others may ask for is only for those who may look that up; everybody else is offered what they may
 * ask for themselves, and is told nothing of what would become of it.
 */
async function whom(glance: Glance, caller: Caller, to: string | undefined): Promise<Whose> {
  const { org, person } = caller;
  const email: Email | undefined = to === undefined ? person.email : parseEmail(to);
  const isOwn = email !== undefined && canonicalEmail(email) === canonicalEmail(person.email);
  if (isOwn) return { org, email: person.email, isTold: true, taker: person.id, asker: person.email };
  const isTold = email !== undefined && (await whyNotSeeOthers(glance, caller)) === undefined;
  return { org, email: isTold ? email : person.email, isTold, taker: undefined, asker: person.email };
}

/** What these keys mean in the catalogue of this moment; whatever is named is found, whether or not it may be asked for. */
export function findChosen(
  { integrations }: Pick<DecideDeps, 'integrations'>,
  asked: Pick<Asked, 'service' | 'integration' | 'accessType' | 'resource'>,
) {
  const all = integrations.all();
  const fits = (each: Integration): boolean =>
    asked.integration === undefined
      ? asked.service !== undefined && optionKey(each.service) === asked.service
      : optionKey(each.name) === asked.integration;
  const integration = only(all.filter(fits));
  const ofType = integration?.catalog().filter(({ accessType }) => optionKey(accessType) === asked.accessType) ?? [];
  const item = ofType.find(({ resource }) => optionKey(resource) === asked.resource);
  return { integration, accessType: ofType[0]?.accessType, item };
}

export const named = ({ name, service }: Integration): Named => ({ name, service });
export const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);
export const withChosen = <T>(offered: readonly T[], chosen: T | undefined): readonly T[] =>
  chosen === undefined || offered.includes(chosen) ? offered : [...offered, chosen];
