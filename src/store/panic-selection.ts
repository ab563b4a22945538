import { type RawBuilder, sql } from 'kysely';
import type { PanicSelection } from '../domain/panic.ts';
import type { Org, PersonId } from '../domain/ids.ts';
import type { Permission } from '../domain/request.ts';
import type { Db } from './database.ts';
import { stuckRights } from './left-behind.ts';
import { findPerson } from './people.ts';

/** A selection by the person's record instead of their address; undefined there: nobody whom we have seen. */
export type Selected =
  | Exclude<PanicSelection, { readonly kind: 'person' }>
  | { readonly kind: 'person'; readonly person: PersonId | undefined };

export async function selected(db: Db, org: Org, selection: PanicSelection): Promise<Selected> {
  if (selection.kind !== 'person') return selection;
  return { kind: 'person', person: (await findPerson(db, org, selection.person))?.id };
}

/** Which row is meant: the request behind a grant, a request that waits, or a pre-approval. */
type Source = 'grant' | 'pending' | 'pre-approval';

/**
 * A condition on `requests q` or `pre_approvals p`. What somebody asked for on behalf of others is theirs as long as it
 * waits, and so is a window that they opened; access that others have is not.
 */
export function within(selection: Selected, source: Source): RawBuilder<unknown> {
  const of = (column: string) => sql.ref(`${source === 'pre-approval' ? 'p' : 'q'}.${column}`);
  switch (selection.kind) {
    case 'everything':
      return sql`true`;
    case 'target':
      return sql`${of('integration')} = ${selection.integration}`;
    case 'right':
      return sql`${of('integration')} = ${selection.integration} and ${of('access_type')} = ${selection.accessType} and ${of('resource')} = ${selection.resource}`;
    case 'person': {
      const person = selection.person ?? null;
      if (source === 'grant') return sql`${of('principal_id')} = ${person}::uuid`;
      return sql`(${of('principal_id')} = ${person}::uuid or ${of(source === 'pending' ? 'requestor_id' : 'created_by')} = ${person}::uuid)`;
    }
  }
}

/** A condition on `panics h`: does it hold this back? */
export const holdsBack = (people: readonly PersonId[], { integration, accessType, resource }: Permission): RawBuilder<unknown> =>
  sql`h.hold and h.lifted_at is null and (h.kind = 'everything'
    or h.kind = 'person' and h.person_id = any (${[...people]}::uuid[])
    or h.kind in ('target', 'right') and h.integration = ${integration}
      and (h.kind = 'target' or h.access_type = ${accessType} and h.resource = ${resource}))`;

/** Of `panics h`: the access that this row is about, whose `person` column says whose it is, is in its selection. */
const isMeant = (row: string, person: string): RawBuilder<unknown> => {
  const of = (column: string) => sql.ref(`${row}.${column}`);
  return sql`(h.kind = 'everything' or h.kind = 'person' and ${of(person)} = h.person_id
    or h.kind in ('target', 'right') and ${of('integration')} = h.integration
      and (h.kind = 'target' or ${of('access_type')} = h.access_type and ${of('resource')} = h.resource))`;
};

/**
 * Of `panics h`: the grants of its selection that another panic is ending, to stand behind FROM. They are that one's, and
 * this one is not done before they are gone.
 */
export const endedByOthers = sql`grants g join requests q on q.org = g.org and q.id = g.request_id
  where g.org = h.org and g.state = 'ending' and g.panic_id <> h.id
    and (h.hold and h.lifted_at is null or q.decided_at <= coalesce(h.lifted_at, h.started_at))
    and ${isMeant('q', 'principal_id')}`;

/**
 * Of `panics h`: access of its selection that could not be given and may be there all the same, to stand behind FROM. It is being
 * taken away without anybody's press, and the panic is not done before it was seen gone.
 */
export const leftBehind = sql`(with ${stuckRights} select * from left_behind) g
  where g.org = h.org and ${isMeant('g', 'person_id')}`;
