import { type RawBuilder, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { DisabledWhy, Webhook, WebhookChange, WebhookReads, WebhookWrites } from '../app/webhooks-store.ts';
import { type Email, type Org, parseEmail } from '../domain/ids.ts';
import { instant } from '../domain/time.ts';
import { formerSecretLife, mostWebhooks } from '../domain/webhook.ts';
import type { Db } from './database.ts';
import { auditFrom } from './journal.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const createWebhookReads = (db: Db): WebhookReads => ({
  list: (org) => readWebhooks(db, sql`w.org = ${org}`),
  read: async (org, id) => (uuid.test(id) ? (await readWebhooks(db, sql`w.org = ${org} and w.id = ${id}::uuid`))[0] : undefined),
});

export function createWebhookWrites(tx: Db): WebhookWrites {
  return {
    async lock(org, id) {
      if (!uuid.test(id)) return undefined;
      await sql`select from webhooks where org = ${org} and id = ${id}::uuid for update`.execute(tx);
      return createWebhookReads(tx).read(org, id);
    },
    async add(actor, { org, url, events, description, createdBy, seal }) {
      // Makers go one after the other, or two could both be the last that fits.
      await sql`select pg_advisory_xact_lock(hashtext('curfew webhooks'), hashtext(${org}))`.execute(tx);
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from webhooks where org = ${org}`.execute(tx);
      if ((rows[0]?.count ?? 0) >= mostWebhooks) return undefined;
      const id = uuidv7();
      await sql`with w as (
          insert into webhooks (org, id, url, events, description, created_by, secret, position)
          values (${org}, ${id}::uuid, ${url}, ${[...events]}::text[], ${description}, ${createdBy.id}::uuid, ${seal(id)},
            coalesce((select seq from audit_heads where org = ${org}), 0))
          returning *, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('w', 'webhook.created', actor, sql`jsonb_build_object('webhook', id, 'host', ${hostOf(sql`url`)}, 'events', events, 'description', description)`)}`.execute(
        tx,
      );
      return createWebhookReads(tx).read(org, id);
    },
    async change(actor, org, before, after) {
      const told = { before: brief(before, before.disabled === undefined), after: brief(after, after.enabled) };
      await sql`with w as (
          update webhooks set url = ${after.url}, events = ${[...after.events]}::text[], description = ${after.description},
            disabled_at = case when ${after.enabled}::boolean then null else coalesce(disabled_at, clock_timestamp()) end,
            disabled_why = case when ${after.enabled}::boolean then null else coalesce(disabled_why, 'owner') end,
            ${afresh}
          where org = ${org} and id = ${before.id}::uuid
          returning org, id, url, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom(
          'w',
          'webhook.changed',
          actor,
          sql`jsonb_build_object('webhook', id, 'urlChanged', ${before.url !== after.url}::boolean,
            'hostBefore', ${hostOf(sql`${before.url}::text`)}, 'host', ${hostOf(sql`url`)}) || ${JSON.stringify(told)}::jsonb`,
        )}`.execute(tx);
    },
    async rotate(actor, org, id, sealed) {
      await sql`with w as (
          update webhooks set former_secret = secret, secret = ${sealed},
            former_secret_until = clock_timestamp() + ${formerSecretLife} * interval '1 second'
          where org = ${org} and id = ${id}::uuid returning *, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('w', 'webhook.secret-rotated', actor, sql`jsonb_build_object('webhook', id, 'formerSecretUntil', former_secret_until)`)}`.execute(
        tx,
      );
    },
    async move(actor, org, before, next) {
      await sql`with w as (
          update webhooks set position = ${next - 1}, ${afresh}
          where org = ${org} and id = ${before.id}::uuid returning *, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('w', 'webhook.replayed', actor, sql`jsonb_build_object('webhook', id, 'from', position + 1, 'was', ${before.position + 1}::bigint)`)}`.execute(
        tx,
      );
    },
    async seqAt(org, time) {
      const { rows } = await sql<{ seq: string }>`select c.seq from audit_chain c join audit a on a.id = c.event_id and a.org = c.org
        where c.org = ${org} and a.at >= to_timestamp(${time / 1000}::float8) order by c.seq limit 1`.execute(tx);
      return rows[0] === undefined ? readEnd(tx, org) : Number(rows[0].seq);
    },
    end: (org) => readEnd(tx, org),
    async remove(actor, org, id) {
      if (!uuid.test(id)) return false;
      const { numAffectedRows } = await sql`with w as (
          delete from webhooks where org = ${org} and id = ${id}::uuid returning *, null::uuid as request_id, null::uuid as grant_id)
        ${auditFrom('w', 'webhook.deleted', actor, sql`jsonb_build_object('webhook', id, 'host', ${hostOf(sql`url`)})`)}`.execute(tx);
      return numAffectedRows === 1n;
    },
  };
}

/** Whatever was under way is void, and what went wrong so far is forgotten: it is tried at once. */
const afresh = sql`failures = 0, failing_since = null, next_try_at = clock_timestamp(), lease = null, lease_until = null`;

/** Events name no more of an address than this: receivers put tokens into the path. */
export const hostOf = (url: RawBuilder<unknown>): RawBuilder<unknown> => sql`split_part(${url}, '/', 3)`;

const brief = ({ events, description }: Pick<WebhookChange, 'events' | 'description'>, enabled: boolean) => ({
  events,
  description,
  enabled,
});

async function readEnd(db: Db, org: Org): Promise<number> {
  const { rows } = await sql<{ seq: string }>`select seq from audit_heads where org = ${org}`.execute(db);
  return Number(rows[0]?.seq ?? 0) + 1;
}

type Row = {
  id: string;
  url: string;
  events: string[];
  description: string;
  created_at: Date;
  maker: string;
  position: string;
  head: string | null;
  failures: number;
  failing_since: Date | null;
  next_try_at: Date;
  last_at: Date | null;
  last_seq: string | null;
  last_status: number | null;
  last_problem: string | null;
  disabled_at: Date | null;
  disabled_why: DisabledWhy | null;
  former_secret_until: Date | null;
};

/** Secrets are read only by who signs with them. */
async function readWebhooks(db: Db, condition: RawBuilder<unknown>): Promise<readonly Webhook[]> {
  const { rows } =
    await sql<Row>`select w.id, w.url, w.events, w.description, w.created_at, p.email as maker, w.position, h.seq as head, w.failures,
      w.failing_since, w.next_try_at, w.last_at, w.last_seq, w.last_status, w.last_problem, w.disabled_at, w.disabled_why,
      case when w.former_secret_until > clock_timestamp() then w.former_secret_until end as former_secret_until
    from webhooks w join people p on p.org = w.org and p.id = w.created_by left join audit_heads h on h.org = w.org
    where ${condition} order by w.created_at desc, w.id desc`.execute(db);
  return rows.map(toWebhook);
}

const at = (date: Date | null) => (date === null ? undefined : instant(date.getTime()));

function toWebhook(row: Row): Webhook {
  const position = Number(row.position);
  const disabledAt = at(row.disabled_at);
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    description: row.description,
    createdAt: instant(row.created_at.getTime()),
    createdBy: addressOf(row.maker),
    position,
    behind: Math.max(0, Number(row.head ?? 0) - position),
    failures: row.failures,
    failingSince: at(row.failing_since),
    nextTryAt: row.failures === 0 || disabledAt !== undefined ? undefined : at(row.next_try_at),
    lastCall: lastCallOf(row),
    disabled: disabledAt === undefined || row.disabled_why === null ? undefined : { at: disabledAt, why: row.disabled_why },
    formerSecretUntil: at(row.former_secret_until),
  };
}

function lastCallOf(row: Row): Webhook['lastCall'] {
  const time = at(row.last_at);
  if (time === undefined || row.last_seq === null) return undefined;
  const outcome =
    row.last_status === null
      ? ({ kind: 'failed', why: row.last_problem ?? '' } as const)
      : ({ kind: 'answered', status: row.last_status } as const);
  return { at: time, seq: Number(row.last_seq), outcome };
}

function addressOf(text: string): Email {
  const email = parseEmail(text);
  if (email === undefined) throw new Error('a person is stored with an address that cannot exist');
  return email;
}
