/** Pieces of PL/pgSQL that every program needs. The programs are constant: what differs comes in as data, `curfew.call`. */

/** Refuses to start after the call's end on the target's own clock, see `callPostgres`. */
export const deadlineCheck = `if extract(epoch from clock_timestamp()) * 1000 > (call->>'lastMs')::float8 then
    raise exception using errcode = 'query_canceled', message = 'the call came too late';
  end if;`;

/** Two workers may act on one account at once: an advisory lock of this key puts them in a row. */
export const lockKey = (account: string) => `hashtext('curfew:' || ${account})`;

/** The rights of the call as rows of `r (account, role)`, each once. */
export const rights = `(select distinct account, role
      from jsonb_to_recordset(call->'rights') as given(account text, role text)) as r`;

/**
 * The direct memberships among them. A membership through another role is not ours.
 * "offset 0": each is looked up by itself. Joined, the planner may begin with all members of a role, for each right anew.
 */
export const memberships = `${rights}
      join pg_roles g on g.rolname = r.role
      cross join lateral (select oid, rolvaliduntil from pg_roles where rolname = r.account offset 0) as a
      cross join lateral (select grantor from pg_auth_members where roleid = g.oid and member = a.oid offset 0) as m`;

/** Those rights that are there, as a JSON array of `{account, role}`. */
export const present = `(select coalesce(jsonb_agg(distinct jsonb_build_object('account', r.account, 'role', r.role)), '[]')
      from ${memberships})`;

/**
 * Fills the variable `server` (jsonb): which server this is. Whatever may go wrong here leaves it shorter: no grant and no
 * removal may fail for what is only told.
 */
export const readServer = `begin
    server := jsonb_build_object('server', current_setting('server_version'), 'database', current_database());
    if has_function_privilege('pg_control_system()', 'execute') then
      server := server || (select jsonb_build_object('system', system_identifier::text) from pg_control_system());
    end if;
  exception when others then
    null;
  end;`;

/** A time in UTC as text; null for what has no end. */
export const utc = (time: string): string => `to_char(nullif(${time}, 'infinity') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** By the clock of the server. In the statement that reads: it is no earlier than what is read. */
export const readAt = `jsonb_build_object('readAt', ${utc('clock_timestamp()')})`;

/** Reads which rights are there. Call: `{rights}`. Answer: `{present}`. */
export const observeProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
begin
  perform set_config('curfew.answer', jsonb_build_object('present', ${present})::text, true);
end`;
