import { canonicalEmail, type Email, type Org } from '../domain/ids.ts';
import { type PatternMatch, requestorMatches } from '../domain/policy-match.ts';
import type { Policy } from '../domain/policy.ts';
import type { PolicySet } from './policy-sets.ts';
import type { Directory, Log, OnCall } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Reads } from './store.ts';

/** What judging needs, all of it as it was when it was first asked for. */
export type Glance = { readonly routing: RoutingDeps; readonly reads: Reads };

/**
 * For an answer that judges many rights or requests: nothing about one person, nor of the policies and settings, is looked
 * up twice. It is for one answer, and never for one that changes something.
 */
export function takeGlance(routing: RoutingDeps, reads: Reads): Glance {
  const sets = new Map<Org, Promise<PolicySet>>();
  const outside: Outside = new Map();
  const seen: Reads = {
    ...reads,
    settings: once((org) => reads.settings(org)),
    hasRole: once((org, role, person) => reads.hasRole(org, role, person)),
    roles: { ...reads.roles, groups: once((org, role) => reads.roles.groups(org, role)) },
  };
  return {
    reads: seen,
    routing: {
      ...routing,
      log: warnOnce(routing.log),
      directories: byName(routing.directories, (found) => rememberDirectory(found, outside)),
      onCalls: byName(routing.onCalls, rememberOnCall),
      matches: onceForText(routing.matches),
      policies(_, org) {
        const set = sets.get(org) ?? routing.policies(reads, org).then((found) => withoutOthers(found, outside));
        sets.set(org, set);
        return set;
      },
    },
  };
}

/** Directory → group → those of whom it was told that they are no members. */
type Outside = Map<string, Map<string, Set<Email>>>;

const rememberDirectory = (directory: Directory, outside: Outside): Directory => ({
  ...directory,
  isMember: once(async (group, person) => {
    const told = await directory.isMember(group, person);
    if (told === false) noteOutside(outside, directory.name, group.id, person);
    return told;
  }),
  profileProperty: once((person, property) => directory.profileProperty(person, property)),
});

const rememberOnCall = (onCall: OnCall): OnCall => ({
  ...onCall,
  isOnCall: once((person, services) => onCall.isOnCall(person, services)),
});

function noteOutside(outside: Outside, directory: string, id: string, person: Email): void {
  const groups = outside.get(directory) ?? new Map<string, Set<Email>>();
  const people = groups.get(id) ?? new Set<Email>();
  outside.set(directory, groups.set(id, people.add(canonicalEmail(person))));
}

/**
 * What policies say of thousands of rights is judged one by one: those that are known by then to speak of others are left
 * out, before their patterns are looked at. That changes no outcome.
 */
function withoutOthers(set: PolicySet, outside: Outside): PolicySet {
  const ofOthers = new Map<Email, Set<Policy>>();
  return {
    ...set,
    candidates(email, right) {
      const person = canonicalEmail(email);
      const left = ofOthers.get(person) ?? new Set<Policy>();
      ofOthers.set(person, left);
      const isMember = ({ directory, id }: { directory: string; id: string }) =>
        outside.get(directory)?.get(id)?.has(person) === true ? false : 'unknown';
      return set.candidates(email, right).filter((policy) => {
        if (left.has(policy)) return false;
        if (requestorMatches(policy.requestor, email, isMember) !== false) return true;
        left.add(policy);
        return false;
      });
    },
  };
}

/** Of one right, the same patterns are asked again and again; of the next, others. */
function onceForText(matches: PatternMatch): PatternMatch {
  let about = '';
  let answers = new Map<string, boolean>();
  return (pattern, text) => {
    if (text !== about) [about, answers] = [text, new Map()];
    const known = answers.get(pattern);
    if (known !== undefined) return known;
    const answer = matches(pattern, text);
    answers.set(pattern, answer);
    return answer;
  };
}

/** An answer that did not come is not asked for again either. */
function once<A extends readonly unknown[], T>(ask: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (...args) => {
    const key = JSON.stringify(args);
    const answer = answers.get(key) ?? ask(...args);
    answers.set(key, answer);
    return answer;
  };
}

function byName<T>(find: (name: string) => T | undefined, remember: (found: T) => T): (name: string) => T | undefined {
  const known = new Map<string, T | undefined>();
  return (name) => {
    if (!known.has(name)) {
      const found = find(name);
      known.set(name, found === undefined ? undefined : remember(found));
    }
    return known.get(name);
  };
}

/** Each of the many that are judged would say the same. */
function warnOnce(log: Log): Log {
  const said = new Set<string>();
  return {
    ...log,
    warn(fields, message) {
      const key = JSON.stringify([message, { ...fields, err: undefined }]);
      if (said.has(key)) return;
      said.add(key);
      log.warn(fields, message);
    },
  };
}
