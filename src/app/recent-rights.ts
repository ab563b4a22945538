import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import type { CatalogEntry } from './shown-catalog.ts';

const shownAtMost = 5;
/** Requests that are looked through for different rights. */
const lookedThrough = 50;

/** The last different rights that the caller asked for, for themselves or others, newest first; only what is still offered. */
export async function recentRights({ store, integrations }: DecideDeps, caller: Caller): Promise<readonly CatalogEntry[]> {
  const { org, person } = caller;
  const requests = await store.requests(org, { kind: 'of', person: person.id }, lookedThrough);
  const found = new Map<string, CatalogEntry>();
  for (const { requestor, permission } of requests) {
    const { integration, accessType, resource } = permission;
    const key = JSON.stringify([integration, accessType, resource]);
    if (requestor.id !== person.id || found.has(key)) continue;
    const item = integrations
      .byName(integration)
      ?.catalog()
      .find((each) => each.accessType === accessType && each.resource === resource);
    if (item !== undefined) found.set(key, { ...permission, label: item.label });
    if (found.size === shownAtMost) break;
  }
  return [...found.values()];
}
