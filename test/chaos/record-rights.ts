/** Curfew's own database keeps every change of a right's row for the checker: who claimed what, and when it was due. */
import type { RightChange } from './excuses.ts';
import type { Place } from './place.ts';

/** Once there are tables. The product never looks into that schema. */
export async function recordRights(place: Place): Promise<void> {
  await place.read(`
    create schema chaos;
    create table chaos.right_changes (
      n bigint generated always as identity, at timestamptz not null default clock_timestamp(), account text, resource text, lane text,
      fence bigint, lease_owner text, lease_until timestamptz, quarantine_until timestamptz, due_at timestamptz);
    create function chaos.keep() returns trigger language plpgsql as $$ begin
      insert into chaos.right_changes (account, resource, lane, fence, lease_owner, lease_until, quarantine_until, due_at)
        values (new.account, new.resource, new.lane, new.fence, new.lease_owner, new.lease_until, new.quarantine_until, new.due_at);
      return null;
    end $$;
    create trigger keep after insert or update on rights for each row execute function chaos.keep()`);
}

export const readRights = (place: Place): Promise<RightChange[]> => {
  const ms = (column: string, name: string): string => `(extract(epoch from ${column}) * 1000)::float8 as "${name}"`;
  return place.read<RightChange>(
    `select account || ':' || resource as right, lane, fence::int as fence, lease_owner as owner, ${ms('at', 'at')},
       ${ms('lease_until', 'leaseUntil')}, ${ms('quarantine_until', 'quarantineUntil')}, ${ms('due_at', 'dueAt')}
     from chaos.right_changes order by n`,
  );
};
