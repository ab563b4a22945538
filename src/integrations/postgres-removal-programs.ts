import { deadlineCheck, lockKey, memberships, present, readAt, readServer, rights } from './postgres-sql.ts';

const tagged = "coalesce(shobj_description(a.oid, 'pg_authid') = tag, false)";
/** After one lock could not be had, the others of the batch must not wait as long again. */
const hurry = `perform set_config('lock_timeout', '100ms', true);`;
const names = (array: string) => `(select string_agg(quote_ident(n), ', ' order by n) from unnest(${array}) as n)`;
const noMembership = 'not exists (select from pg_auth_members m where m.member = a.oid)';

/**
 * Revokes the memberships of a whole batch; logins of ours that keep none are closed, ready to be dropped.
 * Call: `{rights, tag, lastMs}`. Answer: `{failed: [{account, role?, code, message}], spent: [account]}`.
 *
 * What fails for one right is recorded and the others go on. Since PostgreSQL 16 a membership exists once per grantor,
 * and whoever gave it, it ends.
 */
export const revokeProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
  tag constant text := call->>'tag';
  modern constant boolean := current_setting('server_version_num')::int >= 160000;
  item record;
  one text;
  failed jsonb := '[]';
  busy text[] := '{}';
  spent text[] := '{}';
begin
  ${deadlineCheck}
  -- In the order of the keys, so that two batches cannot wait for each other.
  for item in select distinct ${lockKey('r.account')} as key, r.account from ${rights} order by 1, 2 loop
    begin
      perform pg_advisory_xact_lock(item.key);
    exception when lock_not_available or deadlock_detected then
      busy := busy || item.account;
      failed := failed || jsonb_build_object('account', item.account, 'code', sqlstate, 'message', sqlerrm);
      ${hurry}
    end;
  end loop;

  for item in
    select g.oid, r.role, array_agg(r.account) as accounts,
      case when modern then ' GRANTED BY ' || quote_ident(pg_get_userbyid(m.grantor)) else '' end as by_grantor
    from ${memberships}
    where r.account <> all (busy)
    group by 1, 2, 4 order by 1, 4
  loop
    begin
      execute format('REVOKE %I FROM %s%s', item.role, ${names('item.accounts')}, item.by_grantor);
    exception when lock_not_available then
      failed := failed || (select jsonb_agg(jsonb_build_object('account', n, 'role', item.role, 'code', sqlstate, 'message', sqlerrm))
        from unnest(item.accounts) as n);
      ${hurry}
    when others then
      foreach one in array item.accounts loop
        begin
          execute format('REVOKE %I FROM %I%s', item.role, one, item.by_grantor);
        exception when others then
          failed := failed || jsonb_build_object('account', one, 'role', item.role, 'code', sqlstate, 'message', sqlerrm);
          if sqlstate = '55P03' then ${hurry} end if;
        end;
      end loop;
    end;
  end loop;

  for item in
    select a.rolname, a.rolcanlogin from (select distinct r.account from ${rights}) as r
      join pg_roles a on a.rolname = r.account
    where r.account <> all (busy) and ${tagged} and ${noMembership}
  loop
    begin
      if item.rolcanlogin then
        execute format('ALTER ROLE %I NOLOGIN PASSWORD NULL', item.rolname);
      end if;
      spent := spent || item.rolname::text;
    exception when others then
      failed := failed || jsonb_build_object('account', item.rolname, 'code', sqlstate, 'message', sqlerrm);
      if sqlstate = '55P03' then ${hurry} end if;
    end;
  end loop;
  perform set_config('curfew.answer', jsonb_build_object('failed', failed, 'spent', spent)::text, true);
end`;

/**
 * Ends the sessions of the accounts, drops the logins that are spent and have none, and reads back.
 * Call: `{rights, tag, spent, sinceMs?, lastMs}`.
 * Answer: `{sinceMs, failed: [{account, code, message}], live: [{account, pid}], present: [{account, role}],
 * logins: [{account, isOpen, isOurs}], server}`; while some live, it wants to be run again. `failed` has those whose sessions
 * may not be ended. `logins` leaves out the accounts that do not exist. `server` says who answers, and when by its own clock.
 *
 * A session keeps the powers of its SET ROLE when the membership goes, so every session that began before the membership
 * ended must end. Those that began later have nothing of it; an account that is not ours may go on with them.
 * Objects of a dropped login go with it: handed to us, its functions would run with our powers.
 */
export const finishProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
  tag constant text := call->>'tag';
  -- The first run starts after the commit of the revocation: no later session can have seen the membership.
  since_ms constant float8 := coalesce((call->>'sinceMs')::float8, extract(epoch from clock_timestamp()) * 1000);
  item record;
  failed jsonb := '[]';
  live jsonb := '[]';
  lively text[] := '{}';
  empty text[] := '{}';
  owning text[] := '{}';
  server jsonb := '{}';
begin
  ${deadlineCheck}
  for item in
    select s.pid, a.rolname from (select distinct r.account from ${rights}) as r
      join pg_roles a on a.rolname = r.account
      join pg_stat_activity s on s.usesysid = a.oid
    where s.pid <> pg_backend_pid()
      and coalesce(extract(epoch from s.backend_start) * 1000 <= since_ms, true)
  loop
    live := live || jsonb_build_object('account', item.rolname, 'pid', item.pid);
    lively := lively || item.rolname::text;
    begin
      perform pg_terminate_backend(item.pid);
    exception when others then
      failed := failed || jsonb_build_object('account', item.rolname, 'code', sqlstate, 'message', sqlerrm);
    end;
  end loop;

  for item in
    select a.rolname, exists (
        select from pg_shdepend d
        where d.refclassid = 'pg_authid'::regclass and d.refobjid = a.oid
          and d.dbid in (0, (select oid from pg_database where datname = current_database()))
      ) as owns
    from jsonb_array_elements_text(call->'spent') as s(account) join pg_roles a on a.rolname = s.account
    where s.account <> all (lively)
      and pg_try_advisory_xact_lock(${lockKey('s.account')})
  loop
    if item.owns then owning := owning || item.rolname::text; else empty := empty || item.rolname::text; end if;
  end loop;
  -- Looked at again under the lock: somebody may have granted anew in between.
  select coalesce(array_agg(a.rolname::text) filter (where a.rolname = any (empty)), '{}'),
      coalesce(array_agg(a.rolname::text) filter (where a.rolname = any (owning)), '{}')
    into empty, owning
    from pg_roles a where a.rolname = any (empty || owning) and not a.rolcanlogin and ${tagged} and ${noMembership};

  begin
    if empty <> '{}' then execute 'DROP ROLE ' || ${names('empty')}; end if;
  exception when others then
    owning := owning || empty;
  end;
  for item in select n as rolname from unnest(owning) as n loop
    -- What cannot be dropped, such as an owner of things in other databases, stays closed and tagged.
    begin
      execute format('DROP OWNED BY %I', item.rolname);
    exception when others then
      ${hurry}
    end;
    begin
      execute format('DROP ROLE %I', item.rolname);
    exception when others then
      ${hurry}
    end;
  end loop;
  ${readServer}
  perform set_config('curfew.answer', jsonb_build_object('sinceMs', since_ms, 'failed', failed, 'live', live, 'present', ${present},
    'server', ${readAt} || server,
    'logins', (select coalesce(jsonb_agg(distinct jsonb_build_object('account', r.account, 'isOpen', a.rolcanlogin, 'isOurs', ${tagged})), '[]')
      from ${rights} join pg_roles a on a.rolname = r.account))::text, true);
end`;
