/** A panic switch that was pressed: what it takes away, and what it holds back until somebody lifts it. See ADR 17. */
import { type Email, type Org, type PanicId, parseEmail, type RequestId } from './ids.ts';
import type { Person } from './person.ts';
import type { Permission } from './request.ts';
import type { Instant } from './time.ts';

/** `right`: whoever has it. */
export type PanicSelection =
  | { readonly kind: 'person'; readonly person: Email }
  | { readonly kind: 'right'; readonly integration: string; readonly accessType: string; readonly resource: string }
  | { readonly kind: 'target'; readonly integration: string }
  | { readonly kind: 'everything' };

/** What is in a selection at one moment. `ending`: on its way out already, and not seen gone. */
export type PanicCounts = {
  readonly planned: number;
  readonly active: number;
  readonly ending: number;
  readonly people: number;
  readonly rights: number;
  /** Requests that wait for a decision. */
  readonly requests: number;
  readonly preApprovals: number;
};

/** One grant of a selection. */
export type PanicItem = {
  readonly request: RequestId;
  readonly principal: Email;
  readonly permission: Permission;
  readonly state: 'planned' | 'active' | 'ending';
};

/** `items`: the first of them. */
export type PanicPreview = PanicCounts & { readonly items: readonly PanicItem[] };

export type Panic = {
  readonly org: Org;
  readonly id: PanicId;
  readonly selection: PanicSelection;
  readonly reason: string;
  /** Until it is lifted, nothing of the selection is given. */
  readonly hold: boolean;
  readonly startedBy: Person;
  readonly startedAt: Instant;
  readonly lifted: { readonly at: Instant; readonly by: Person } | undefined;
  /** When everything in the selection was marked as ending. */
  readonly markedAt: Instant | undefined;
  /** When the last of it was seen gone. */
  readonly doneAt: Instant | undefined;
  readonly progress: PanicProgress;
};

/**
 * Of grants: `gone` were seen gone at the target, `left` were not, and of those `failing` were tried in vain. What another panic
 * is ending counts here as long as it is left.
 */
export type PanicProgress = {
  readonly total: number;
  readonly gone: number;
  readonly left: number;
  readonly failing: number;
  readonly requestsDenied: number;
  readonly preApprovalsClosed: number;
  /** The first of those that fail, with what the target said. */
  readonly failures: readonly {
    readonly request: RequestId;
    readonly principal: Email;
    readonly permission: Permission;
    readonly why: string;
  }[];
};

export const isHolding = ({ hold, lifted }: Pick<Panic, 'hold' | 'lifted'>): boolean => hold && lifted === undefined;

/** How many grants a selection has. */
export const grantsIn = ({ planned, active, ending }: PanicCounts): number => planned + active + ending;

export type PanicKind = PanicSelection['kind'];
export const panicKinds = ['person', 'right', 'target', 'everything'] as const satisfies readonly PanicKind[];

/** How {@link parseSelection} wants each to be named, for whoever is asked. */
export const selectionShape: Readonly<Record<PanicKind, string>> = {
  person: 'an e-mail address',
  right: 'integration/access type/resource',
  target: 'the name of an integration',
  everything: 'nothing',
};

/** A selection as people write it; a resource may have slashes of its own. Undefined for what is none. */
export function parseSelection(kind: PanicKind, text: string): PanicSelection | undefined {
  const name = text.trim();
  if (/\p{Cc}/u.test(name)) return undefined;
  switch (kind) {
    case 'everything':
      return name === '' ? { kind } : undefined;
    case 'target':
      return name === '' ? undefined : { kind, integration: name };
    case 'person': {
      const person = parseEmail(name);
      return person === undefined ? undefined : { kind, person };
    }
    case 'right': {
      const [, integration, accessType, resource] = /^([^/]+)\/([^/]+)\/(.+)$/.exec(name) ?? [];
      if (integration === undefined || accessType === undefined || resource === undefined) return undefined;
      return { kind, integration, accessType, resource };
    }
  }
}
