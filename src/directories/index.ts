import type { Directories, Directory } from '../app/ports.ts';

/** The configured directories by name. One that is not configured is undefined, which routing reads as "cannot tell". */
export function createDirectories(directories: readonly Directory[]): Directories {
  const byName = new Map(directories.map((directory) => [directory.name, directory]));
  return (name) => byName.get(name);
}
