import type { ApprovalPath } from '../domain/approval-path.ts';
import { describeApprovers } from '../domain/approval-path.ts';
import type { Org, RequestId } from '../domain/ids.ts';
import { isSelf, type PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import type { Outcome } from '../domain/route.ts';
import { whyNotInRole } from './authority.ts';
import { type DecideDeps, judgeVerdict } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import { createEventFeed, type EventFeed } from './follow-events.ts';
import type { Caller } from './ports.ts';
import { receiptOf, type Receipt } from './receipt.ts';
import type { RequestEvent, RequestHistory, SealedRequestEvent, SealedStretch } from './request-history-store.ts';
import { usablePaths, whyNotDecide } from './routing.ts';
import type { Wakes } from './waiting-room.ts';

/** Who may decide a request at this moment. */
export type Approval = {
  /** It is undecided and its time has not passed. Where it is not open, nobody may decide. */
  readonly isOpen: boolean;
  /** In words: "Security reviewers", "Platform team". */
  readonly approvers: readonly string[];
  /** What would have to answer before anybody may decide; undefined where nothing is missing. */
  readonly unavailable: string | undefined;
  /** The caller, with the token that they use. */
  readonly mayApprove: boolean;
  readonly mayDeny: boolean;
};

export type RequestDetail = RequestHistory & { readonly approval: Approval };

/** A request in full, and what happens to all of them. */
export type HistoryDoors = {
  /** For the requestor, the principal, whoever may decide it, owners, reviewers and viewers; `not-found` for everybody else. */
  read(caller: Caller, id: RequestId): Promise<Result<RequestDetail>>;
  /** The same readers; `no-receipt` until the access was seen to be gone. */
  receipt(caller: Caller, id: RequestId): Promise<Result<Receipt>>;
  /** The number of the newest sealed event; 0 before the first. */
  head(caller: Caller): Promise<Result<number>>;
  /** Only for whoever is then shown no more of it than {@link HistoryDoors.visible} lets through. */
  readonly feed: EventFeed;
  /** The events about requests that the caller may read at this moment. */
  visible(caller: Caller, stretch: SealedStretch): Promise<Result<readonly SealedRequestEvent[]>>;
};

export function createHistoryDoors(deps: DecideDeps & { readonly wakes?: Wakes | undefined }, door: Doorway): HistoryDoors {
  const { history } = deps.store;
  const lookUp = createSubjects(deps);
  return {
    read: door({ scope: 'requests:read', attempt: 'request.read', about: ([id]) => id }, (caller, id) => readDetail(deps, caller, id)),
    receipt: door({ scope: 'requests:read', attempt: 'request.receipt', about: ([id]) => id }, async (caller, id) => {
      const detail = await readDetail(deps, caller, id);
      return detail.ok ? receiptOf(detail.value) : detail;
    }),
    head: door({ scope: 'requests:read', attempt: 'request.follow' }, async (caller) => accept(await history.head(caller.org))),
    feed: createEventFeed(history, deps.wakes, deps.routing.log),
    visible: door({ scope: 'requests:read', attempt: 'request.follow' }, async (caller, stretch) => {
      if (stretch.events.length === 0) return accept(stretch.events);
      const noAuditor = await whyNotAuditor(deps, caller);
      if (noAuditor === undefined) return accept(stretch.events);
      // What cannot be told now is not left out: whoever follows would never hear of it.
      if (noAuditor.code === 'unavailable') return reject(noAuditor);
      const readable = new Set<RequestId>();
      for (const { request, outcome } of await lookUp(caller.org, stretch)) {
        const refusal = isSelf(request, caller.person.id)
          ? undefined
          : await whyNotDecide(deps.routing, deps.store, request, await outcome(), caller);
        if (refusal?.code === 'unavailable') return reject(refusal);
        if (refusal === undefined) readable.add(request.id);
      }
      return accept(stretch.events.filter((event) => readable.has(event.request)));
    }),
  };
}

const whyNotAuditor = ({ routing, store }: DecideDeps, caller: Caller): Promise<Rejection | undefined> =>
  whyNotInRole(routing, store, caller, ['owner', 'manager', 'viewer']);

async function readDetail(deps: DecideDeps, caller: Caller, id: RequestId): Promise<Result<RequestDetail>> {
  const { store, routing } = deps;
  const history = await store.history.one(caller.org, id);
  if (history === undefined) return reject({ code: 'not-found' });
  const { request, now } = history;
  const outcome = await deps.router(store, request);
  // Where that cannot be told, they are none.
  const isAuditor = (await whyNotAuditor(deps, caller)) === undefined;
  const judge = async (kind: 'approve' | 'deny') =>
    (await judgeVerdict(routing, store, caller, request, outcome, kind)).refusal === undefined;
  const mayApprove = await judge('approve');
  if (!isAuditor && !isSelf(request, caller.person.id) && !mayApprove) return reject({ code: 'not-found' });
  const isOpen = request.state.kind === 'pending' && now < request.approvableUntil;
  const mayAct = isOpen && caller.scopes.has('requests:decide');
  const approval: Approval = {
    isOpen,
    approvers: isOpen ? wordsOf(usablePaths(request, outcome)) : [],
    unavailable: isOpen && outcome.kind === 'unavailable' ? outcome.what : undefined,
    mayApprove: mayAct && mayApprove,
    mayDeny: mayAct && (await judge('deny')),
  };
  if (isAuditor) return accept({ ...history, approval });
  // What a target says, such as who works there for us, is for those who read it in the audit log too.
  const grant = history.grant && { ...history.grant, said: undefined };
  return accept({ ...history, grant, approval, events: history.events.filter((event) => !isOfAnother(event, caller)) });
}

/** Who tried in vain to do something about it is told to those who read the audit log, and to whoever tried. */
const isOfAnother = ({ action, actor }: RequestEvent, caller: Caller): boolean =>
  action === 'refused' && !(actor.kind === 'person' && actor.id === caller.person.id);

const wordsOf = (paths: readonly ApprovalPath[]): readonly string[] => [...new Set(paths.map(describeApprovers))];

type Subject = { readonly request: PermissionRequest; readonly outcome: () => Promise<Outcome> };

/** The requests of a stretch. They are read, and routed, once, however many callers are shown it. */
function createSubjects({ store, router }: DecideDeps): (org: Org, stretch: SealedStretch) => Promise<readonly Subject[]> {
  const known = new WeakMap<SealedStretch, Promise<readonly Subject[]>>();
  const read = async (org: Org, stretch: SealedStretch) => {
    const ids = [...new Set(stretch.events.map((event) => event.request))];
    return (await store.requests(org, { kind: 'among', ids }, ids.length)).map((request): Subject => {
      let outcome: Promise<Outcome> | undefined;
      return { request, outcome: () => (outcome ??= router(store, request)) };
    });
  };
  return (org, stretch) => {
    const found = known.get(stretch) ?? read(org, stretch);
    known.set(stretch, found);
    return found;
  };
}
