import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import type { DisabledWhy, WebhookClaim, WebhookOutcome, WebhookQueue } from '../app/webhooks-store.ts';
import { type Org, parseOrg } from '../domain/ids.ts';
import { instant } from '../domain/time.ts';
import { webhookLease } from '../domain/webhook.ts';
import { eventColumns, type EventRow, toEvent } from './audit-event.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';
import { hostOf } from './webhooks.ts';

/** So many events are passed by in one step where the endpoint wants none of them. */
const stride = 10_000;

export function createWebhookQueue(db: Db): WebhookQueue {
  return {
    claim: () => claimNext(db),
    async pass(claim, outcome) {
      await sql`update webhooks set position = ${claim.event.seq}, failures = 0, failing_since = null, next_try_at = clock_timestamp(),
          ${told(claim, outcome)} where ${held(claim)}`.execute(db);
    },
    async postpone(claim, outcome, { pause, longest, gone }) {
      const hopeless = sql`failing_since <= clock_timestamp() - ${longest} * interval '1 second'`;
      const { rows } = await sql<{ disabled_why: DisabledWhy | null }>`with t as (
          update webhooks set failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),
            -- Give or take a fifth, so that those who failed together do not come back together.
            next_try_at = clock_timestamp() + ${pause} * (0.8 + 0.4 * random()) * interval '1 second',
            disabled_at = case when ${gone}::boolean or ${hopeless} then clock_timestamp() end,
            disabled_why = case when ${gone}::boolean then 'gone' when ${hopeless} then 'failing' end,
            ${told(claim, outcome)}
          where ${held(claim)}
          returning *, null::uuid as request_id, null::uuid as grant_id),
        off as (select * from t where disabled_why is not null),
        a as (${auditFrom(
          'off',
          'webhook.disabled',
          { kind: 'system' },
          sql`jsonb_build_object('webhook', id, 'host', ${hostOf(sql`url`)}, 'why', disabled_why,
          'position', position, 'failures', failures, 'failingSince', failing_since, 'lastStatus', last_status, 'lastProblem', last_problem)`,
        )})
        select disabled_why from t`.execute(db);
      return rows[0]?.disabled_why ?? undefined;
    },
    async release(claim) {
      await sql`update webhooks set lease = null, lease_until = null where ${held(claim)}`.execute(db);
    },
  };
}

/** A write-back names the claim that it answers; an old one changes nothing. */
const held = ({ org, id, lease }: WebhookClaim) => sql`org = ${org} and id = ${id}::uuid and lease = ${lease}::uuid`;

const told = ({ event }: WebhookClaim, outcome: WebhookOutcome) => sql`last_at = clock_timestamp(), last_seq = ${event.seq},
  last_status = ${outcome.kind === 'answered' ? outcome.status : null}::integer, last_problem = ${outcome.kind === 'failed' ? outcome.why : null}::text,
  lease = null, lease_until = null`;

type Due = { org: string; id: string; position: string; head: string; events: string[] };
type Claimed = { url: string; secret: string; former: string | null; failures: number; at: Date };

const claimNext = (db: Db): Promise<WebhookClaim | 'passed by' | undefined> =>
  db.transaction().execute(async (tx) => {
    const { rows } =
      await sql<Due>`select w.org, w.id, w.position, h.seq as head, w.events from webhooks w join audit_heads h on h.org = w.org
      where w.disabled_at is null and w.position < h.seq and w.next_try_at <= clock_timestamp()
        and (w.lease_until is null or w.lease_until <= clock_timestamp())
      order by w.next_try_at limit 1 for update of w skip locked`.execute(tx);
    const [due] = rows;
    if (due === undefined) return undefined;
    const until = Math.min(Number(due.head), Number(due.position) + stride);
    const next = await nextEvent(tx, due, until);
    if (next !== undefined) return lease(tx, due, next);
    await sql`update webhooks set position = ${until} where org = ${due.org} and id = ${due.id}`.execute(tx);
    return 'passed by';
  });

async function nextEvent(tx: Db, { org, position, events }: Due, until: number) {
  const { rows } = await sql<EventRow & { seq: string; hash: Buffer }>`select c.seq, c.hash, ${eventColumns}
    from audit_chain c join audit a on a.id = c.event_id and a.org = c.org
    where c.org = ${org} and c.seq > ${position} and c.seq <= ${until} and exists (
      select from unnest(${events}::text[]) as wanted (pattern)
      where pattern in (a.action, '*') or pattern like '%.*' and starts_with(a.action, left(pattern, -1)))
    order by c.seq limit 1`.execute(tx);
  const [row] = rows;
  return row === undefined ? undefined : { ...toEvent(row, Number(row.seq)), hash: row.hash.toString('hex') };
}

async function lease(tx: Db, { org, id }: Due, event: WebhookClaim['event']): Promise<WebhookClaim> {
  const token = uuidv4();
  const { rows } = await sql<Claimed>`update webhooks
    set lease = ${token}::uuid, lease_until = clock_timestamp() + ${webhookLease} * interval '1 second'
    where org = ${org} and id = ${id}
    returning url, secret, case when former_secret_until > clock_timestamp() then former_secret end as former, failures, clock_timestamp() as at`.execute(
    tx,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a webhook that was just locked is not there');
  const secrets = row.former === null ? [row.secret] : [row.secret, row.former];
  return { org: orgOf(org), id, lease: token, url: row.url, secrets, event, failures: row.failures, at: instant(row.at.getTime()) };
}

function orgOf(text: string): Org {
  const org = parseOrg(text);
  if (org === undefined) throw new Error('an organisation is stored under a name that cannot exist');
  return org;
}
