import type { DurationSeconds } from './duration.ts';
import type { Grant } from './grant.ts';
import type { Email, Org, PersonId, RequestId } from './ids.ts';
import type { Person } from './person.ts';
import type { Instant } from './time.ts';

export type { Person } from './person.ts';

/** What is asked for, looked up and found to exist. */
export type Permission = {
  readonly integration: string;
  readonly service: string;
  readonly accessType: string;
  readonly resource: string;
};

/** Who decided: a person, or a policy that needs nobody. */
export type Decider = { readonly kind: 'person'; readonly person: Person } | { readonly kind: 'policy'; readonly name: string };

export type RequestState =
  | { readonly kind: 'pending' }
  | { readonly kind: 'approved'; readonly by: Decider; readonly at: Instant; readonly duration: DurationSeconds; readonly grant: Grant }
  | { readonly kind: 'denied'; readonly by: Decider; readonly at: Instant; readonly reason: string | undefined }
  | { readonly kind: 'cancelled'; readonly at: Instant }
  | { readonly kind: 'lapsed'; readonly at: Instant };

/** That a request asks for more time on access that is there. */
export type Extension = {
  /** The request that gave that access; an extension of an extension names the latest. */
  readonly of: RequestId;
  /** The request that the chain began with. */
  readonly first: RequestId;
  /** When its grant began: the whole chain's length counts from there. */
  readonly from: Instant;
  /** When the access ends without this. */
  readonly until: Instant;
};

/** That the requestor asked for whoever is on call. `isPaged`: they were told. */
export type Escalation = { readonly at: Instant; readonly reason: string | undefined; readonly isPaged: boolean };

/** A yes to a request for which policies want several people. Who made the key that it came with is not told from them. */
export type Endorsement = {
  readonly by: Person;
  readonly at: Instant;
  readonly duration: DurationSeconds;
  readonly keyMakers: readonly PersonId[];
};

/** What somebody who may decide wants to know first, and what whoever waits said to it. */
export type Question = {
  readonly by: Person;
  readonly at: Instant;
  readonly text: string;
  readonly answer: { readonly by: Person; readonly at: Instant; readonly text: string } | undefined;
};

/** An approver made it less. `from`: the resource that was asked for at first; `by`: who did, the last. */
export type Narrowed = { readonly from: string; readonly by: Email };

/** That somebody looked at what was taken at once, and what they say to it. */
export type Review = { readonly by: Person; readonly at: Instant; readonly note: string };

export type PermissionRequest = {
  readonly org: Org;
  readonly id: RequestId;
  /** Who asked; with `grant --to` this is not the principal, and counts as self all the same (decision 16). */
  readonly requestor: Person;
  /** Who made the API key that it was submitted with, if one was used: nobody tells them from the requestor. */
  readonly keyMakers: readonly PersonId[];
  /** Who gets access. */
  readonly principal: Person;
  readonly permission: Permission;
  readonly reason: string | undefined;
  readonly asked: DurationSeconds;
  /** False where nobody named a duration and `asked` is the smallest preset. */
  readonly durationNamed: boolean;
  readonly createdAt: Instant;
  /** Nobody may approve after this. */
  readonly approvableUntil: Instant;
  readonly state: RequestState;
  readonly extension?: Extension | undefined;
  /** The access that it gave goes, or went, on until then by an extension. */
  readonly extendedUntil?: Instant | undefined;
  readonly escalation?: Escalation | undefined;
  /** How many further groups are asked by now, and since when; absent: none. */
  readonly groupsAsked?: { readonly count: number; readonly at: Instant; readonly reason?: string | undefined } | undefined;
  /** How often its requestor asked approvers to hurry; absent: never. */
  readonly nudges?: number | undefined;
  readonly nudgedAt?: Instant | undefined;
  /** In the order in which they were asked; absent where there are none. */
  readonly questions?: readonly Question[] | undefined;
  /** In the order in which they came, one a person; absent where there are none. */
  readonly endorsements?: readonly Endorsement[] | undefined;
  /** Absent: it is what was asked for. */
  readonly narrowed?: Narrowed | undefined;
  /** It was taken at once, without an approver; undefined `review`: that is owed. */
  readonly breakGlass?: { readonly at: Instant; readonly review: Review | undefined } | undefined;
};

/** Something was taken at once, and nobody has looked at that yet. */
export const owesReview = ({ breakGlass }: Pick<PermissionRequest, 'breakGlass'>): boolean =>
  breakGlass !== undefined && breakGlass.review === undefined;

/** The statuses of the wire (decision 9). */
export type WireStatus = 'NEW' | 'APPROVED' | 'DONE' | 'DENIED' | 'ERRORED' | 'EXPIRED' | 'REVOKED';

/** A grant that is ending still reads as DONE: "gone" is said only after it was observed (I18). */
export function wireStatus(state: RequestState): WireStatus {
  switch (state.kind) {
    case 'pending':
      return 'NEW';
    case 'denied':
    case 'cancelled':
      return 'DENIED';
    case 'lapsed':
      return 'EXPIRED';
    case 'approved':
      switch (state.grant.state.kind) {
        case 'planned':
          return 'APPROVED';
        case 'active':
        case 'ending':
          return 'DONE';
        case 'failed':
          return 'ERRORED';
        case 'ended':
          return state.grant.state.end.kind === 'expired' ? 'EXPIRED' : 'REVOKED';
      }
  }
}

/** Is this person anybody who would gain by the decision? */
export const isSelf = (request: Pick<PermissionRequest, 'requestor' | 'principal'>, person: PersonId): boolean =>
  person === request.requestor.id || person === request.principal.id;

/** Are these the makers of one key? With a key of other makers it is somebody else who speaks, as far as anybody can tell. */
export const isSameMakers = (ones: readonly PersonId[], others: readonly PersonId[]): boolean =>
  ones.length === others.length && ones.every((each) => others.includes(each));
