import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import type { Instant } from '../domain/time.ts';
import { eventPattern, mostPatterns, mostWebhooks, usualEvents } from '../domain/webhook.ts';
import { actorOf } from './actor.ts';
import { asOwner, inRole } from './authority.ts';
import { secretLabel } from './call-webhooks.ts';
import type { Doorway } from './doorway.ts';
import type { Caller, Vault } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store, Transaction } from './store.ts';
import type { Webhook, WebhookWire } from './webhooks-store.ts';

/** What is undefined is left as it is; at first, as is usual. */
export type WebhookWish = {
  readonly url: string | undefined;
  readonly events: readonly string[] | undefined;
  readonly description: string | undefined;
  readonly enabled: boolean | undefined;
};

/** The `seq` of the event to go on with, or the time from which on nothing may be missing. */
export type ReplayFrom = { readonly seq: number } | { readonly time: Instant };

/** Outgoing webhooks, for owners. Whoever changes one decides who reads audit events, so the token must be able to read them too. */
export type WebhookDoors = {
  /** `secret` is shown here and never again. */
  create(
    caller: Caller,
    wish: WebhookWish & { readonly url: string },
  ): Promise<Result<{ readonly secret: string; readonly webhook: Webhook }>>;
  list(caller: Caller): Promise<Result<readonly Webhook[]>>;
  read(caller: Caller, id: string): Promise<Result<Webhook>>;
  /** Enabling it begins anew with the event that it stopped at. */
  change(caller: Caller, id: string, wish: WebhookWish): Promise<Result<Webhook>>;
  rotateSecret(caller: Caller, id: string): Promise<Result<{ readonly secret: string; readonly webhook: Webhook }>>;
  /** Forwards as well as back: what lies between is sent again, or left out. */
  replay(caller: Caller, id: string, from: ReplayFrom): Promise<Result<Webhook>>;
  remove(caller: Caller, id: string): Promise<Result<undefined>>;
};

type WebhookDeps = { readonly store: Store; readonly routing: RoutingDeps; readonly vault: Vault; readonly webhooks: WebhookWire };

export function createWebhookDoors(deps: WebhookDeps, door: Doorway): WebhookDoors {
  const { store, routing } = deps;
  const scope = 'settings';
  return {
    create: door({ scope, attempt: 'webhook.create' }, (caller, wish) => createWebhook(deps, caller, wish)),
    list: door({ scope, attempt: 'webhook.list' }, (caller) =>
      inRole(routing, store, caller, ['owner'], async () => accept(await store.webhooks.list(caller.org))),
    ),
    read: door({ scope, attempt: 'webhook.read' }, (caller, id) =>
      inRole(routing, store, caller, ['owner'], async () => orNotFound(await store.webhooks.read(caller.org, id))),
    ),
    change: door({ scope, attempt: 'webhook.change' }, (caller, id, wish) => changeWebhook(deps, caller, id, wish)),
    rotateSecret: door({ scope, attempt: 'webhook.rotate-secret' }, (caller, id) =>
      onWebhook(deps, caller, id, async (tx) => {
        const secret = deps.webhooks.newSecret();
        await tx.webhooks.rotate(actorOf(caller), caller.org, id, deps.vault.seal(secret, secretLabel(caller.org, id)));
        const webhook = orNotFound(await tx.webhooks.lock(caller.org, id));
        return webhook.ok ? accept({ secret, webhook: webhook.value }) : webhook;
      }),
    ),
    replay: door({ scope, attempt: 'webhook.replay' }, (caller, id, from) =>
      onWebhook(deps, caller, id, (tx, before) => replay(tx, caller, before, from)),
    ),
    remove: door({ scope, attempt: 'webhook.delete' }, (caller, id) =>
      asOwner(deps, caller, async (tx) =>
        (await tx.webhooks.remove(actorOf(caller), caller.org, id)) ? accept(undefined) : reject({ code: 'not-found' }),
      ),
    ),
  };
}

const orNotFound = (webhook: Webhook | undefined): Result<Webhook> =>
  webhook === undefined ? reject({ code: 'not-found' }) : accept(webhook);

/** Events go wherever a webhook says, so `settings` alone is not enough to say it. */
const whyNotTell = ({ scopes }: Caller): Rejection | undefined =>
  scopes.has('audit:read') ? undefined : { code: 'scope-required', scope: 'audit:read' };

async function onWebhook<T>(
  deps: WebhookDeps,
  caller: Caller,
  id: string,
  work: (tx: Transaction, before: Webhook) => Promise<Result<T>>,
): Promise<Result<T>> {
  const refusal = whyNotTell(caller);
  if (refusal !== undefined) return reject(refusal);
  return asOwner(deps, caller, async (tx) => {
    const before = orNotFound(await tx.webhooks.lock(caller.org, id));
    return before.ok ? work(tx, before.value) : before;
  });
}

async function createWebhook(
  deps: WebhookDeps,
  caller: Caller,
  wish: WebhookWish & { readonly url: string },
): ReturnType<WebhookDoors['create']> {
  const { vault, webhooks } = deps;
  const refusal = whyNotTell(caller);
  if (refusal !== undefined) return reject(refusal);
  const url = webhooks.readUrl(wish.url);
  if (!url.ok) return url;
  const events = readEvents(wish.events ?? usualEvents);
  if (!events.ok) return events;
  return asOwner(deps, caller, async (tx) => {
    const secret = webhooks.newSecret();
    const webhook = await tx.webhooks.add(actorOf(caller), {
      org: caller.org,
      url: url.value,
      events: events.value,
      description: wish.description?.trim() ?? '',
      createdBy: caller.person,
      seal: (id) => vault.seal(secret, secretLabel(caller.org, id)),
    });
    return webhook === undefined ? reject({ code: 'too-many', what: 'webhooks', maximum: mostWebhooks }) : accept({ secret, webhook });
  });
}

async function changeWebhook(deps: WebhookDeps, caller: Caller, id: string, wish: WebhookWish): Promise<Result<Webhook>> {
  const url = wish.url === undefined ? accept(undefined) : deps.webhooks.readUrl(wish.url);
  if (!url.ok) return url;
  const events = wish.events === undefined ? accept(undefined) : readEvents(wish.events);
  if (!events.ok) return events;
  return onWebhook(deps, caller, id, async (tx, before) => {
    await tx.webhooks.change(actorOf(caller), caller.org, before, {
      url: url.value ?? before.url,
      events: events.value ?? before.events,
      description: wish.description?.trim() ?? before.description,
      enabled: wish.enabled ?? before.disabled === undefined,
    });
    return orNotFound(await tx.webhooks.lock(caller.org, id));
  });
}

async function replay(tx: Transaction, caller: Caller, before: Webhook, from: ReplayFrom): Promise<Result<Webhook>> {
  const end = await tx.webhooks.end(caller.org);
  const next = 'seq' in from ? from.seq : await tx.webhooks.seqAt(caller.org, from.time);
  if (next < 1 || next > end) return reject({ code: 'invalid-value', field: 'from', why: `Give a seq from 1 to ${end}.` });
  await tx.webhooks.move(actorOf(caller), caller.org, before, next);
  return orNotFound(await tx.webhooks.lock(caller.org, before.id));
}

function readEvents(given: readonly string[]): Result<readonly string[]> {
  const events = [...new Set(given)];
  if (events.length === 0 || events.length > mostPatterns)
    return reject({ code: 'invalid-value', field: 'events', why: `Give 1 to ${mostPatterns} of them.` });
  const wrong = events.find((each) => each.length > 100 || !eventPattern.test(each));
  return wrong === undefined
    ? accept(events)
    : reject({
        code: 'invalid-value',
        field: 'events',
        why: 'Each must be an action such as grant.ended, a family such as grant.*, or *.',
      });
}
