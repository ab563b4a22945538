/** The form that approves in advance: what it offers one person, what would become of what they chose, and its submission. */
import type { AllowForecast } from '../domain/allow-forecast.ts';
import { type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { canonicalEmail, parseEmail } from '../domain/ids.ts';
import { planWindow, type PreApproval } from '../domain/pre-approval.ts';
import type { Permission } from '../domain/request.ts';
import { reject, type Result } from '../domain/result.ts';
import { requirementsOf } from '../domain/route.ts';
import { allowedDurations } from '../domain/settings.ts';
import { isoTime, type Instant } from '../domain/time.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import { type Glance, takeGlance } from './glance.ts';
import { type For, offeredIntegrations, offeredResources, offeredTypes } from './offered-rights.ts';
import type { Caller, CatalogItem } from './ports.ts';
import { inItsWords, type PreApprovalDoors, whyNotAhead } from './pre-approvals.ts';
import { type Asked, type AskForm, findChosen, named, only, withChosen } from './request-form.ts';
import { routeByVersion, whyNotDecide } from './routing.ts';
import { type About, mayDecide, personOf, whyNotSeeOthers } from './shown-catalog.ts';

/** What was chosen so far. `to` is an address: undefined where nobody is chosen, empty for somebody who can get nothing. */
export type AllowAsked = Pick<Asked, 'service' | 'integration' | 'accessType' | 'resource' | 'to'> & {
  /** Undefined: now. */
  readonly start: Instant | undefined;
  /** How long the window stays open; undefined: the form's own, or `until`. */
  readonly length: DurationSeconds | undefined;
  readonly until: Instant | undefined;
  /** The longest request in it; undefined: the smallest preset. */
  readonly each: DurationSeconds | undefined;
  /** Hours that come again, as typed. */
  readonly window?: string | undefined;
};

export type AllowForm = Pick<AskForm, 'durations' | 'maximum' | 'integrations' | 'accessTypes' | 'chosen' | 'now' | 'reasonRequired'> & {
  /** How long the window stays open, unless it is closed at a moment. */
  readonly length: DurationSeconds;
  /** Undefined: not everything is chosen. */
  readonly forecast: AllowForecast | undefined;
};

/** For people; nothing of it is put on record but {@link AllowingDoors.create}. Only what the caller could approve is offered. */
export type AllowingDoors = {
  form(caller: Caller, asked: AllowAsked): Promise<AllowForm>;
  /** At most 100 resources of the chosen access type, best matches first. */
  resources(caller: Caller, asked: AllowAsked, query: string): Promise<readonly CatalogItem[]>;
  /** As {@link PreApprovalDoors.create}; refuses as `invalid-value` what is not offered any more. */
  create(caller: Caller, wish: AllowAsked & { readonly reason: string | undefined }): Promise<Result<PreApproval>>;
};

export function createAllowingDoors(deps: DecideDeps, door: Doorway, { create }: Pick<PreApprovalDoors, 'create'>): AllowingDoors {
  return {
    form: (caller, asked) => allowForm(deps, caller, asked),
    resources: (caller, asked, query) => resources(deps, caller, asked, query),
    create: door({ scope: 'requests:decide', attempt: 'pre-approval.create' }, async (caller, wish) => {
      const { integration, accessType, item } = findChosen(deps, wish);
      if (integration === undefined || accessType === undefined || item === undefined)
        return reject({ code: 'invalid-value', field: 'resource', why: 'This is not offered any more. Choose again.' });
      const { name, service } = integration;
      const right = { service, accessType, resource: item.resource, integration: name };
      return create(caller, { ...timesOf(wish), right, to: wish.to ?? '', duration: wish.each, reason: wish.reason });
    }),
  };
}

const timesOf = ({ start, until, length, window }: AllowAsked) => ({ start: textOf(start), end: textOf(until), length, window });
const textOf = (at: Instant | undefined): string | undefined => (at === undefined ? undefined : isoTime(at));

async function resources(deps: DecideDeps, caller: Caller, asked: AllowAsked, query: string): Promise<readonly CatalogItem[]> {
  const { integration } = findChosen(deps, asked);
  if (integration === undefined || asked.accessType === undefined) return [];
  const glance = takeGlance(deps.routing, deps.store);
  const { offer } = await whom(deps, glance, caller, asked.to);
  return offeredResources(glance, offer, integration, { accessType: asked.accessType, query, most: 100 });
}

/** Whom the window is for, and what of it the caller could approve. Until somebody is chosen: for anybody. */
async function whom({ store }: DecideDeps, glance: Glance, caller: Caller, to: string | undefined) {
  const { org, person } = caller;
  const given = to === undefined ? undefined : parseEmail(to);
  const email = given === undefined ? undefined : canonicalEmail(given);
  const isOwn = email === canonicalEmail(person.email);
  const about: About = email === undefined ? undefined : { email, person: isOwn ? person : await store.knownPerson(org, email) };
  const offer: For = {
    org,
    email: about?.email ?? person.email,
    isOffered: (permission) => mayDecide(glance, caller, about, permission),
  };
  return { about, offer };
}

async function allowForm(deps: DecideDeps, caller: Caller, asked: AllowAsked): Promise<AllowForm> {
  const glance = takeGlance(deps.routing, deps.store);
  const { about, offer } = await whom(deps, glance, caller, asked.to);
  const known = findChosen(deps, asked);
  const offered = await offeredIntegrations(glance, offer, deps.integrations.all());
  const integration = known.integration ?? only(offered);
  const types = integration === undefined ? [] : await offeredTypes(glance, offer, integration);
  const accessType = known.accessType ?? only(types);
  const [settings, now] = await Promise.all([deps.store.settings(caller.org), deps.store.now()]);
  const durations = allowedDurations(settings);
  const maximum = toSeconds(settings.maxAccess);
  const length = asked.length ?? usualLength(durations) ?? maximum;
  const base = {
    durations,
    maximum,
    length,
    now,
    integrations: withChosen(offered, integration).map(named),
    accessTypes: withChosen(types, accessType),
    chosen: { integration: integration && named(integration), accessType, resource: known.item },
  };
  if (integration === undefined || known.item === undefined || about === undefined)
    return { ...base, forecast: undefined, reasonRequired: false };
  const { name, service } = integration;
  const permission = { integration: name, service, accessType: known.item.accessType, resource: known.item.resource };
  const { reasonRequired, rejection } = await judge(glance, caller, about, permission);
  if (rejection !== undefined) return { ...base, forecast: { kind: 'refused', rejection }, reasonRequired };
  const times = { ...asked, length: asked.until === undefined ? length : undefined };
  const window = planWindow({ ...timesOf(times), duration: asked.each }, settings, now);
  const forecast: AllowForecast = window.ok
    ? { kind: 'opens', to: about.email, window: window.value }
    : { kind: 'refused', rejection: window.rejection };
  return { ...base, forecast, reasonRequired };
}

/** A day, where the presets have one; windows of minutes are rarely meant. */
const usualLength = (durations: readonly DurationSeconds[]): DurationSeconds | undefined =>
  durations.find((each) => each >= 86_400) ?? durations.at(-1);

/** With a reason: the form has one. Of others' affairs, those who may not look them up learn only that they cannot approve. */
async function judge(glance: Glance, caller: Caller, { email, person }: NonNullable<About>, permission: Permission) {
  const { routing, reads } = glance;
  const principal = person ?? personOf(email);
  const subject = { org: caller.org, principal, permission };
  const { outcome } = await routeByVersion(routing, reads, subject);
  const request = { ...subject, requestor: principal, reason: 'any', durationNamed: true, isPreapproved: true, keyMakers: [] };
  const refusal = whyNotAhead(outcome, 'any') ?? inItsWords(await whyNotDecide(routing, reads, request, outcome, caller));
  if (refusal === undefined) return { rejection: undefined, reasonRequired: requirementsOf(outcome).reason };
  const isTold = refusal.code === 'own-request' || (await whyNotSeeOthers(glance, caller)) === undefined;
  return { rejection: isTold ? refusal : ({ code: 'not-approver', ahead: true } as const), reasonRequired: false };
}
