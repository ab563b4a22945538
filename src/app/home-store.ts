/** What the home tab needs of the store. */
import type { Org, PersonId } from '../domain/ids.ts';
import type { PageFrom } from '../domain/page.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { HomeTabs } from './home-tabs-store.ts';

/** What somebody asked for or was asked for them, what they have, and what anybody waits for. */
export type HomeList = { readonly kind: 'of' | 'access'; readonly person: PersonId } | { readonly kind: 'pending' };

/** Access past its end by more than a minute that was not seen gone. `problem`: what the last try came to. */
export type OverdueAccess = { readonly request: PermissionRequest; readonly problem: string | undefined };
/** `shown` are the longest overdue of `count`. */
export type Overdue = { readonly count: number; readonly shown: readonly OverdueAccess[] };

export type HomeReads = {
  /** Those that people have opened lately. */
  readonly tabs: HomeTabs;
  /** At most `limit`, newest first: those nearest to where the page begins. */
  page(org: Org, list: HomeList, from: PageFrom, limit: number): Promise<readonly PermissionRequest[]>;
  overdue(org: Org, limit: number): Promise<Overdue>;
};
