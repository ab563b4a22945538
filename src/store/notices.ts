import { type RawBuilder, sql } from 'kysely';
import type { NoticeStore, OutboxLine } from '../app/notices-store.ts';
import { parseOrg, parseRequestId } from '../domain/ids.ts';
import { parsePostingKey, postingKey } from '../domain/posting.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';
import { isKnownRequest, strange } from './known.ts';
import { createAttempts } from './posting-attempts.ts';
import { rulesOf } from './rules-stamp.ts';
import { createSharedNotices } from './shared-notices.ts';

/** What must be told to people, and where it was told. */
export function createNotices(db: Db): NoticeStore {
  return {
    async lapsing(limit) {
      const { rows } = await sql<{ org: string; id: string }>`
        (select org, id, approvable_until from requests where state = 'pending' and approvable_until <= now() order by approvable_until limit ${limit})
        union
        -- More time for access that has ended early: there is nothing left to extend.
        (select q.org, q.id, q.approvable_until from requests q join grants x on x.org = q.org and x.request_id = q.extends
          where q.state = 'pending' and q.extends is not null and x.state in ('planned', 'ending', 'ended', 'failed') limit ${limit})
        order by approvable_until limit ${limit}`.execute(db);
      return rows.map((row) => {
        const org = parseOrg(row.org);
        const id = parseRequestId(row.id);
        if (org === undefined || id === undefined) throw new Error('a request is stored with an id that cannot exist');
        return { org, id };
      });
    },
    async claimNotices(org, id) {
      // One poster at a time: two outbox lines of one request would otherwise post the same message twice.
      // A line that comes meanwhile is found when it is released.
      // Without a line whoever came before has told it all: of several wake-ups that wait, the first tells for the others.
      const { rows } = await sql<{ token: string; lines: string[]; at: Date }>`update requests q
        set notice_lease_until = clock_timestamp() + interval '30 seconds'
        where org = ${org} and id = ${id} and (notice_lease_until is null or notice_lease_until < now())
          and exists (select from outbox o where o.org = q.org and o.subject = q.id and o.kind = 'notify')
          -- What cannot be told here is told by the release that knows it; its lines wait for that.
          and (select ${isKnownRequest} from (select) one left join grants g on g.org = q.org and g.request_id = q.id)
        returning notice_lease_until::text as token, now() as at,
          array(select o.id::text from outbox o where o.org = q.org and o.subject = q.id and o.kind = 'notify') as lines`.execute(db);
      const [claim] = rows;
      return claim === undefined ? undefined : { ...claim, at: instant(claim.at.getTime()) };
    },
    async releaseNotices(org, id, { token }, done) {
      const next = done?.next;
      const at = done === undefined ? sql`notify_at` : next === undefined ? sql`null` : sql`to_timestamp(${next}::float8 / 1000)`;
      // Only whoever still has it strikes lines out: with them goes the memory that something is to be told, and notify_at takes its place.
      const { rows: mine } = await sql`with mine as (
          update requests set notice_lease_until = null, notify_at = ${at}
          where org = ${org} and id = ${id} and notice_lease_until = ${token}::timestamptz returning id),
        done as (delete from outbox where id = any (${[...(done?.answered ?? [])]}::bigint[]) and exists (select from mine))
        select id from mine`.execute(db);
      if (mine.length === 0) return 0;
      // Looked for once others can have it: whoever came before that has gone away again.
      const { rows } = await sql<{ left: number }>`select count(*)::int as left from outbox
        where org = ${org} and subject = ${id} and kind = 'notify'`.execute(db);
      return rows[0]?.left ?? 0;
    },
    async renewNotices(org, id, claim) {
      const { rows } = await sql<{ token: string }>`update requests set notice_lease_until = clock_timestamp() + interval '30 seconds'
        where org = ${org} and id = ${id} and notice_lease_until = ${claim.token}::timestamptz
        returning notice_lease_until::text as token`.execute(db);
      const [renewed] = rows;
      return renewed === undefined ? undefined : { ...claim, token: renewed.token };
    },
    async wakeNotices(limit) {
      const { numAffectedRows } = await sql`with due as (
          select org, id from requests where notify_at <= now() order by notify_at limit ${limit} for update skip locked),
        woken as (update requests q set notify_at = null from due where q.org = due.org and q.id = due.id returning q.org, q.id)
        insert into outbox (org, kind, subject) select org, 'notify', id from woken`.execute(db);
      return Number(numAffectedRows ?? 0);
    },
    async wakeByRules() {
      await sql`with open as (select distinct org from requests where state = 'pending'),
        changed as (
          insert into noticed_rules as n (org, rules) select org, ${rulesOf(sql.ref('open.org'))} from open
          on conflict (org) do update set rules = excluded.rules where n.rules <> excluded.rules returning org)
        insert into outbox (org, kind, subject) select q.org, 'notify', q.id from requests q join changed on changed.org = q.org
        where q.state = 'pending'`.execute(db);
    },
    async pastUse({ org, principal, permission: { integration, accessType, resource }, createdAt }) {
      const asked = sql`to_timestamp(${createdAt}::float8 / 1000)`;
      const { rows } = await sql<{ count: number; last: Date | null; denied: Date | null }>`
        select count(*) filter (where g.granted_at > ${asked} - interval '30 days')::int as count, max(g.granted_at) as last,
          (select max(d.decided_at) from requests d where d.org = ${org} and d.principal_id = ${principal.id} and d.integration = ${integration}
            and d.access_type = ${accessType} and d.resource = ${resource} and d.state = 'denied' and d.decided_by is not null
            and d.decided_at > ${asked} - interval '30 days' and d.decided_at < ${asked}) as denied
        from requests q join grants g on g.org = q.org and g.request_id = q.id
        where q.org = ${org} and q.principal_id = ${principal.id} and q.integration = ${integration} and q.access_type = ${accessType}
          and q.resource = ${resource} and q.created_at < ${asked} and g.granted_at < ${asked}`.execute(db);
      const { count = 0, last = null, denied = null } = rows[0] ?? {};
      const when = (at: Date | null) => (at === null ? undefined : instant(at.getTime()));
      return { count, last: when(last), denied: when(denied) };
    },
    async keepPaged(org, id) {
      await sql`update requests set paged_at = clock_timestamp()
        where org = ${org} and id = ${id} and escalated_at is not null and paged_at is null`.execute(db);
    },
    async messages(org, id) {
      const rows = await db
        .selectFrom('messages')
        .select(['slot', 'channel', 'ts', 'shown', 'link'])
        .where('org', '=', org)
        .where('request_id', '=', id)
        .execute();
      // A name that this release does not know belongs to a newer one, which keeps that message true.
      return rows.flatMap(({ slot, channel, ts, shown, link }) => {
        const posting = parsePostingKey(slot);
        return posting === undefined ? [] : [{ posting, ref: { channel, ts }, shown, link: link ?? undefined }];
      });
    },
    async keepMessage(org, id, { posting, ref, shown }) {
      const slot = postingKey(posting);
      await db
        .with('tried', (query) =>
          query.deleteFrom('posting_attempts').where('org', '=', org).where('request_id', '=', id).where('slot', '=', slot),
        )
        .insertInto('messages')
        .values({ org, request_id: id, slot, channel: ref.channel, ts: ref.ts, shown })
        .onConflict((conflict) => conflict.columns(['org', 'request_id', 'slot']).doUpdateSet({ channel: ref.channel, ts: ref.ts, shown }))
        .execute();
    },
    async keepLink(org, id, posting, link) {
      await sql`update messages set link = ${link}
        where org = ${org} and request_id = ${id} and slot = ${postingKey(posting)}`.execute(db);
    },
    ...createAttempts(db),
    ...createSharedNotices(db),
    takeOutbox: (limit, which) =>
      takeLines(
        db,
        limit,
        which === 'fresh' ? sql`sent_at is null` : sql`sent_at < now() - ${which.staleSeconds}::float8 * interval '1 second'`,
      ),
  };
}

async function takeLines(db: Db, limit: number, which: RawBuilder<unknown>): Promise<readonly OutboxLine[]> {
  // A wake-up for a right needs no memory: the right's own due time is the memory. So those lines go as they are taken.
  // How many is part of the text: PostgreSQL takes a number that it does not know for a tenth of all, and would plan this anew each time.
  const { rows } = await sql<{ id: string; org: string; kind: 'notify' | 'look'; subject: string }>`
    with due as (select id from outbox where (${sql.raw(strange.outbox)}) is not true and ${which} order by id limit ${sql.lit(limit)} for update skip locked),
    gone as (delete from outbox using due where outbox.id = due.id and kind = 'look' returning outbox.id, org, kind, subject),
    sent as (update outbox set sent_at = now() from due where outbox.id = due.id and kind = 'notify' returning outbox.id, org, kind, subject)
    select * from gone union all select * from sent order by id`.execute(db);
  return rows.map((row) => {
    const org = parseOrg(row.org);
    if (org === undefined) throw new Error('an outbox line is stored for an organisation that cannot exist');
    return { ...row, org };
  });
}
