import type pg from 'pg';

/** What was changed and committed since the last question, one text per row. */
export type ChangeCounter = { since(): Promise<readonly string[]> };

/**
 * Triggers on every table of ours write down what is changed; asking costs one look at an index. What is rolled back
 * leaves nothing, nor does an update that changes nothing. Left out, as not part of what a call was refused: that it
 * was refused (and how events are sealed), when a key was last used, and the answers kept for a repeated call.
 */
export async function countChanges(pool: pg.Pool): Promise<ChangeCounter> {
  await pool.query(`
    create schema watched;
    create table watched.changes (id bigint generated always as identity primary key, what text not null);
    create function watched.note() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and to_jsonb(old) - 'last_used_at' = to_jsonb(new) - 'last_used_at' then return null; end if;
      if tg_table_name = 'audit' and to_jsonb(new) ->> 'action' in ('refused', 'calls.refused') then return null; end if;
      insert into watched.changes (what) values (
        tg_op || ' ' || tg_table_name || ' ' || left(case tg_op when 'DELETE' then old::text else new::text end, 300));
      return null;
    end $$;
    do $$
    declare name text;
    begin
      for name in select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
          and table_name not like 'audit\\_%' and table_name not like 'idempot%' and table_name not like 'kysely%' loop
        execute format('create trigger zz_watched after insert or update or delete on %I for each row execute function watched.note()', name);
      end loop;
    end $$;`);
  let last = '0';
  return {
    async since() {
      const { rows } = await pool.query<{ id: string; what: string }>('select id, what from watched.changes where id > $1 order by id', [
        last,
      ]);
      last = rows.at(-1)?.id ?? last;
      return rows.map(({ what }) => what);
    },
  };
}
