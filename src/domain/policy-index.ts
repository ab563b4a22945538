/** Which of many policies could speak about a right of a person, without asking each. */
import { canonicalEmail, type Email, parseEmail } from './ids.ts';
import { createLiteralIndex, type LiteralIndex } from './literal-index.ts';
import type { Policy, PolicyRequestor } from './policy.ts';
import type { RightFacts } from './policy-match.ts';
import { requiredLiteral } from './required-literal.ts';

export type PolicyIndex = {
  /**
   * In their order: all policies that `matchPolicies` would return for this person and this right, and few others.
   * Leaving the others out changes no outcome, except that there is none left does not mean that none is stored.
   */
  candidates(email: Email, right: RightFacts): readonly Policy[];
  /** In their order: all enabled policies whose resource this right could be, whoever asks for it, and few others. */
  concerned(right: RightFacts): readonly Policy[];
};

/** What is added one by one and searched when all are there. */
export type PolicyIndexDraft = PolicyIndex & {
  /** In the order of evaluation. */
  add(policy: Policy): void;
};

/** Places in the order of evaluation. */
type Shelf = {
  /** Whoever the right's names are. */
  readonly plain: number[];
  /** By the name of a filter and the attribute's key in it: what the values must hold. */
  readonly fields: Map<string, Map<string, LiteralIndex<number>>>;
};

const anything = '*';
const nobody = '';

export function createPolicyIndex(): PolicyIndexDraft {
  const policies: Policy[] = [];
  /** By resource, then by requestor. */
  const shelves = new Map<string, Map<string, Shelf>>();
  const inOrder = (places: ReadonlySet<number>): readonly Policy[] =>
    [...places].toSorted((a, b) => a - b).flatMap((place) => policies[place] ?? []);
  const rowsOf = (right: RightFacts): readonly ReadonlyMap<string, Shelf>[] => whatKeys(right).flatMap((key) => shelves.get(key) ?? []);
  return {
    add(policy) {
      const place = policies.push(policy) - 1;
      if (policy.disabled === true) return;
      const row = getOrAdd(shelves, whatKey(policy), () => new Map<string, Shelf>());
      file(
        getOrAdd(row, whoKey(policy.requestor), () => ({ plain: [], fields: new Map() })),
        policy,
        place,
      );
    },
    candidates(email, right) {
      const places = new Set<number>();
      for (const row of rowsOf(right))
        for (const who of [anything, canonicalEmail(email)]) {
          const shelf = row.get(who);
          if (shelf !== undefined) collect(shelf, right, places);
        }
      return inOrder(places);
    },
    concerned(right) {
      const places = new Set<number>();
      for (const row of rowsOf(right)) for (const shelf of row.values()) collect(shelf, right, places);
      return inOrder(places);
    },
  };
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** No address is one of the other keys. */
function whoKey(requestor: PolicyRequestor): string {
  if (requestor.type === 'agentic') return nobody;
  if (requestor.type !== 'user') return anything;
  const email = parseEmail(requestor.uid);
  return email === undefined ? nobody : canonicalEmail(email);
}

const serviceKey = (service: string, accessType: string): string => JSON.stringify([service, accessType]);
const whatKey = ({ resource }: Policy): string =>
  resource.type === 'any' ? anything : serviceKey(resource.service, resource.accessType ?? 'any');
const whatKeys = ({ service, accessType }: RightFacts): readonly string[] => [
  ...new Set([anything, serviceKey(service, 'any'), serviceKey(service, accessType)]),
];

/** By the text that fewest others are found by, of those that one of its patterns requires. */
function file(shelf: Shelf, { resource }: Policy, place: number): void {
  const filters = resource.type === 'any' ? [] : Object.entries(resource.filters ?? {});
  const ways = filters.flatMap(([name, { effect, key, pattern }]) => {
    const literal = effect === 'keep' ? requiredLiteral(pattern ?? '') : undefined;
    if (literal === undefined) return [];
    const field = getOrAdd(shelf.fields, name, () => new Map<string, LiteralIndex<number>>());
    const index = getOrAdd(field, key ?? '', () => createLiteralIndex<number>());
    return [{ literal, index }];
  });
  const [first, ...others] = ways;
  if (first === undefined) shelf.plain.push(place);
  else {
    const best = others.reduce((one, other) => (other.index.crowd(other.literal) < one.index.crowd(one.literal) ? other : one), first);
    best.index.add(best.literal, place);
  }
}

function collect(shelf: Shelf, right: RightFacts, places: Set<number>): void {
  const add = (place: number): void => void places.add(place);
  shelf.plain.forEach(add);
  for (const [name, attribute] of Object.entries(right.attributes ?? {})) {
    const field = shelf.fields.get(name);
    if (field === undefined) continue;
    // A filter may allow a yes or no beside its pattern.
    if (typeof attribute === 'boolean') for (const index of field.values()) index.forEach(add);
    else
      for (const [key, values] of Object.entries(attribute)) {
        const index = field.get(key);
        for (const value of index === undefined ? [] : values) index?.search(value, add);
      }
  }
}
