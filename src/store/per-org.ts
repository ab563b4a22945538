import type { Org } from '../domain/ids.ts';

/** One of something for each organisation, made when it is first asked for. */
export function perOrg<T>(make: (org: Org) => T): (org: Org) => T {
  const made = new Map<Org, T>();
  return (org) => {
    const known = made.get(org);
    if (known !== undefined) return known;
    const fresh = make(org);
    made.set(org, fresh);
    return fresh;
  };
}
