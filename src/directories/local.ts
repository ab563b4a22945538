import type { Directory } from '../app/ports.ts';
import { canonicalEmail, type Email } from '../domain/ids.ts';

export type LocalGroup = { readonly id: string; readonly label: string; readonly members: readonly Email[] };

/**
 * The groups of `curfew.yaml` as they were when the process started. It always answers, so a group that is not in it has no
 * members: here that is known, not guessed.
 */
export function createLocalDirectory(groups: readonly LocalGroup[]): Directory {
  const members = new Map(groups.map((group) => [group.id, new Set(group.members.map(canonicalEmail))]));
  return {
    name: 'local',
    isMember: async ({ id }, person) => members.get(id)?.has(canonicalEmail(person)) ?? false,
    // The file has no profiles.
    profileProperty: async () => undefined,
  };
}
