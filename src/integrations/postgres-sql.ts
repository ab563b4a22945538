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

/** The direct memberships among them. A membership through another role is not ours. */
export const memberships = `${rights}
      join pg_roles g on g.rolname = r.role
      join pg_roles a on a.rolname = r.account
      join pg_auth_members m on m.roleid = g.oid and m.member = a.oid`;

/** Those rights that are there, as a JSON array of `{account, role}`. */
export const present = `(select coalesce(jsonb_agg(distinct jsonb_build_object('account', r.account, 'role', r.role)), '[]')
      from ${memberships})`;

/** Reads which rights are there. Call: `{rights}`. Answer: `{present}`. */
export const observeProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
begin
  perform set_config('curfew.answer', jsonb_build_object('present', ${present})::text, true);
end`;
