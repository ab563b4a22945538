import type { Org } from '../domain/ids.ts';
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
      directories: byName(routing.directories, rememberDirectory),
      onCalls: byName(routing.onCalls, rememberOnCall),
      policies(_, org) {
        const set = sets.get(org) ?? routing.policies(reads, org);
        sets.set(org, set);
        return set;
      },
    },
  };
}

const rememberDirectory = (directory: Directory): Directory => ({
  ...directory,
  isMember: once((group, person) => directory.isMember(group, person)),
  profileProperty: once((person, property) => directory.profileProperty(person, property)),
});

const rememberOnCall = (onCall: OnCall): OnCall => ({
  ...onCall,
  isOnCall: once((person, services) => onCall.isOnCall(person, services)),
});

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
