import type { Directory } from '../app/ports.ts';
import { canonicalEmail, type Email } from '../domain/ids.ts';

export type FileGroup = {
  readonly directory: string;
  readonly id: string;
  readonly label: string;
  readonly members: readonly Email[];
};

/** The directory `local`, and each one that a group of `curfew.yaml` says it belongs to. */
export function createFileDirectories(groups: readonly FileGroup[]): readonly Directory[] {
  const byDirectory = Map.groupBy(groups, ({ directory }) => directory);
  return [...new Set(['local', ...byDirectory.keys()])].map((name) => createFileDirectory(name, byDirectory.get(name) ?? []));
}

/**
 * The groups of `curfew.yaml` as they were when the process started. `local` is nothing else, so a group that is not in the
 * file has no members: that is known, not guessed. The others exist elsewhere, with groups and profiles that are not in the file.
 */
function createFileDirectory(name: string, groups: readonly FileGroup[]): Directory {
  const members = new Map(groups.map((group) => [group.id, new Set(group.members.map(canonicalEmail))]));
  const isAll = name === 'local';
  return {
    name,
    isMember: async ({ id }, person) => members.get(id)?.has(canonicalEmail(person)) ?? (isAll ? false : 'not-configured'),
    members: async ({ id }) => {
      const listed = members.get(id);
      return listed === undefined ? (isAll ? [] : 'not-configured') : [...listed];
    },
    profileProperty: async () => (isAll ? undefined : 'not-configured'),
  };
}
