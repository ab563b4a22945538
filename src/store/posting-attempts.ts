import { sql } from 'kysely';
import type { NoticeStore } from '../app/notices-store.ts';
import { parsePostingKey, postingKey } from '../domain/posting.ts';
import { instant } from '../domain/time.ts';
import type { Db } from './database.ts';

/** Posts whose outcome is not known. */
export function createAttempts(db: Db): Pick<NoticeStore, 'postAttempts' | 'beginAttempt' | 'endAttempt'> {
  return {
    async postAttempts(org, id) {
      const rows = await db
        .selectFrom('posting_attempts')
        .select(['slot', 'channel', 'started_at'])
        .where('org', '=', org)
        .where('request_id', '=', id)
        .execute();
      // A name that this release does not know is a newer one's to look for.
      return rows.flatMap(({ slot, channel, started_at: startedAt }) => {
        const posting = parsePostingKey(slot);
        return posting === undefined ? [] : [{ posting, channel, startedAt: instant(startedAt.getTime()) }];
      });
    },
    async beginAttempt(org, id, posting, channel) {
      await sql`insert into posting_attempts (org, request_id, slot, channel) values (${org}, ${id}, ${postingKey(posting)}, ${channel})
        on conflict (org, request_id, slot) do update set channel = excluded.channel, started_at = clock_timestamp()`.execute(db);
    },
    async endAttempt(org, id, posting) {
      await db
        .deleteFrom('posting_attempts')
        .where('org', '=', org)
        .where('request_id', '=', id)
        .where('slot', '=', postingKey(posting))
        .execute();
    },
  };
}
