import { sql } from 'kysely';
import type { End, Evidence, GrantState } from '../domain/grant.ts';
import type { RequestState } from '../domain/request.ts';
import type { Observed } from '../domain/right.ts';

/**
 * The states and kinds that this release knows. A row with another is a newer release's, which runs beside this one: it is
 * left as it is and left out of what is read (I17); `newer.ts` says that there are such.
 */
const listed = <K extends string>(kinds: Record<K, true>): string =>
  Object.keys(kinds)
    .map((kind) => `'${kind}'`)
    .join(', ');

const request = listed<RequestState['kind']>({ pending: true, approved: true, denied: true, cancelled: true, lapsed: true });
const grant = listed<GrantState['kind']>({ planned: true, active: true, ending: true, ended: true, failed: true });
const end = listed<End['kind']>({ expired: true, relinquished: true, revoked: true, removed: true });
const left = listed<NonNullable<Evidence['leftInPlace']>>({ 'pre-existing': true, 'another-grant': true });
const observed = listed<Observed>({ unknown: true, absent: true, present: true });
const baseline = listed<'absent' | 'present'>({ absent: true, present: true });
const lane = listed<'give' | 'take'>({ give: true, take: true });
const outbox = listed<'notify' | 'look'>({ notify: true, look: true });

const placed = `baseline not in (${baseline}) or lane not in (${lane})`;

/** What the check of `rights.observed` says while no newer release has let anything else be stored there. */
export const observedCheck = `CHECK ((observed = ANY (ARRAY[${observed
  .split(', ')
  .map((each) => `${each}::text`)
  .join(', ')}])))`;

/** Conditions in SQL that hold for rows with a state or kind that is not known here. Where the column is null they are null. */
export const strange = {
  /** Of `requests q`. */
  request: `q.state not in (${request})`,
  /** Of `grants g`. */
  grantState: `g.state not in (${grant})`,
  grant: `g.state not in (${grant}) or g.end_kind not in (${end}) or g.left_in_place not in (${left})`,
  /** Of `rights`; no index may name what was observed. */
  right: `observed not in (${observed}) or ${placed}`,
  rightPlaced: placed,
  /** Of `outbox`. */
  outbox: `kind not in (${outbox})`,
} as const;

/** Of `rights r`: this release may take and give it. I17: what a newer one has made of it is left to that, for as long as it can last. */
export const isKnownRight = `(${strange.right}) is not true
    and not exists (select from grants g where g.org = r.org and g.right_id = r.id and ${strange.grantState} and g.latest_end > now())`;

/** Of `requests q` with its grant `g`, where it has one: both can be read here. */
export const isKnownRequest = sql.raw(`(${strange.request}) is not true and (${strange.grant}) is not true`);
