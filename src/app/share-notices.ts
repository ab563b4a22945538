/** Many notices to one person become one message (ADR 13). */
import { isWorthTelling, type Several, severalOf, shareDigest, type SharedSlot, sharedSlotOf, summaryPosting } from '../domain/burst.ts';
import type { RequestId } from '../domain/ids.ts';
import { type Posting, postingKey } from '../domain/posting.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { PostedMessage } from './notices-store.ts';
import type { Integrations } from './ports.ts';
import type { Store } from './store.ts';

/** What one of our messages says of several requests. */
export type Summary = {
  readonly slot: SharedSlot;
  readonly posting: Posting;
  readonly several: Several;
  /** Once it is posted: every request in it has been told so. */
  keep(): Promise<void>;
};
export type Shared = { readonly postings: readonly Posting[]; readonly summaries: ReadonlyMap<string, Summary> };

/**
 * Takes out of `postings` what another message tells, and adds the messages in which this request speaks for several.
 * @param doubts names of messages that may stand already
 */
export async function shareNotices(
  store: Store,
  request: PermissionRequest,
  postings: readonly Posting[],
  known: ReadonlyMap<string, PostedMessage>,
  doubts: ReadonlyMap<string, unknown>,
): Promise<Shared> {
  if (request.state.kind !== 'approved') return { postings, summaries: new Map() };
  const { org, id, principal } = request;
  const told = new Map((await store.sharedNotices(org, id)).map((notice) => [notice.slot, notice]));
  const kept: Posting[] = [];
  for (const each of postings) {
    const slot = sharedSlotOf(each);
    const isPosted = known.has(postingKey(each)) || doubts.has(postingKey(each));
    const leader = slot === undefined || isPosted || told.has(slot) ? undefined : await store.shareNotice(org, id, principal.id, slot);
    if (slot !== undefined && leader !== undefined) told.set(slot, { slot, leader, shown: '' });
    if (slot === undefined || isPosted || !told.has(slot)) kept.push(each);
  }
  const summaries = new Map<string, Summary>();
  for (const { slot, leader, shown } of told.values()) {
    if (leader === id) {
      const summary = await readSummary(store, request, slot);
      if (summary !== undefined) summaries.set(postingKey(summary.posting), summary);
    } else if (shown !== shareDigest(request)) await store.wakeNotice(org, leader);
  }
  const asked = [...summaries].filter(([key, { several, slot }]) => known.has(key) || isWorthTelling(slot, several.requests));
  const added = asked.map(([, { posting }]) => posting).filter((each) => !kept.some((other) => postingKey(other) === postingKey(each)));
  return { postings: [...kept, ...added], summaries };
}

async function readSummary(store: Store, { org, id }: PermissionRequest, slot: SharedSlot): Promise<Summary | undefined> {
  const ids = await store.sharers(org, id, slot);
  const found = new Map<RequestId, PermissionRequest>(
    (await store.requests(org, { kind: 'among', ids }, ids.length)).map((each) => [each.id, each]),
  );
  const requests = ids.flatMap((each) => found.get(each) ?? []);
  return {
    slot,
    posting: summaryPosting(slot),
    several: severalOf(requests),
    keep: () =>
      store.keepShared(
        org,
        slot,
        requests.map((each) => ({ id: each.id, shown: shareDigest(each) })),
      ),
  };
}

/** Rights on one server are used by one command, so that these are few. */
export function commandsOf(integrations: Integrations, { requests }: Several): readonly string[] {
  const commands = requests.flatMap(({ state, permission: { integration: name, accessType, resource }, principal }) => {
    if (state.kind !== 'approved' || state.grant.state.kind !== 'active') return [];
    const integration = integrations.byName(name);
    const account = integration?.accountOf(principal.email);
    return account?.ok === true ? (integration?.usage({ accessType, resource, account: account.value })?.command ?? []) : [];
  });
  return [...new Set(commands)];
}
