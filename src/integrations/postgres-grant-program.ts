import { ourRefusal } from './postgres-errors.ts';
import { deadlineCheck, lockKey, memberships, readAt, readServer, utc } from './postgres-sql.ts';

const refuse = (condition: string, sentence: string, ...values: string[]) =>
  `if ${condition} then
    raise exception using errcode = '${ourRefusal}', message = format('${sentence}', ${values.join(', ')});
  end if;`;

/**
 * Makes the login where it may and has to, then the membership.
 * Call: `{account, role, tag, createLogins, verifier?, resetPassword, untilMs, lastMs}`. Answer: `{passwordSet}`.
 *
 * A login without our tag is somebody else's: it only gets the membership. One with our tag that may not log in is what a
 * removal left behind; its password is gone, so it is made anew. A membership that exists is left as it is, because
 * granting it again would take an ADMIN option away.
 */
export const grantProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
  account constant text := call->>'account';
  granted constant text := call->>'role';
  tag constant text := call->>'tag';
  until constant timestamptz := to_timestamp((call->>'untilMs')::float8 / 1000);
  modern constant boolean := current_setting('server_version_num')::int >= 160000;
  found_role record;
  login record;
  tagged boolean := false;
  made boolean := false;
  password_set boolean := false;
begin
  ${deadlineCheck}
  perform pg_advisory_xact_lock(${lockKey('account')});

  select oid into found_role from pg_roles where rolname = granted;
  ${refuse('not found', 'the database has no role %I', 'granted')}
  ${refuse(
    `exists (
      with recursive reach(oid) as (
        select found_role.oid
        union select m.roleid from reach
          cross join lateral (select roleid from pg_auth_members where member = reach.oid offset 0) as m)
      select from reach where (select rolsuper from pg_roles where oid = reach.oid))`,
    'the role %I is a superuser or leads to one',
    'granted',
  )}

  select oid, rolcanlogin, rolsuper, rolvaliduntil, coalesce(shobj_description(oid, 'pg_authid') = tag, false) as tagged
    into login from pg_roles where rolname = account;
  if not found then
    ${refuse("not (call->>'createLogins')::boolean", 'the database has no login %I, and none may be made', 'account')}
    execute format('CREATE ROLE %I', account);
    made := true;
  else
    tagged := login.tagged;
    ${refuse('login.rolsuper', 'the login %I is a superuser', 'account')}
    ${refuse('not login.rolcanlogin and not tagged', '%I is not a login', 'account')}
    made := tagged and not login.rolcanlogin;
  end if;

  if made then
    ${refuse("call->>'verifier' is null", 'the login %I has to be made, which needs a password', 'account')}
    execute format('ALTER ROLE %I LOGIN INHERIT CONNECTION LIMIT 20 PASSWORD %L VALID UNTIL %L',
      account, call->>'verifier', until);
    execute format('COMMENT ON ROLE %I IS %L', account, tag);
    password_set := true;
  elsif tagged then
    if (call->>'resetPassword')::boolean and call->>'verifier' is not null then
      execute format('ALTER ROLE %I PASSWORD %L', account, call->>'verifier');
      password_set := true;
    end if;
    if login.rolvaliduntil < until then
      execute format('ALTER ROLE %I VALID UNTIL %L', account, until);
    end if;
  end if;

  if not exists (
    select from pg_auth_members
    where roleid = found_role.oid and member = (select oid from pg_roles where rolname = account)
  ) then
    execute format('GRANT %I TO %I', granted, account) || case when modern then ' WITH INHERIT TRUE, SET TRUE, ADMIN FALSE' else '' end;
  end if;
  perform set_config('curfew.answer', jsonb_build_object('passwordSet', password_set)::text, true);
end`;

/**
 * Reads one right back, with what an auditor would ask for. Call: `{rights: [one]}`. Answer: `{said}`, without `account` where
 * the right is not there. Who gave it may be several, since PostgreSQL 16.
 */
export const readBackProgram = `
declare
  call constant jsonb := current_setting('curfew.call')::jsonb;
  server jsonb := '{}';
begin
  ${readServer}
  perform set_config('curfew.answer', jsonb_build_object('said', ${readAt} || server || coalesce((
    select jsonb_build_object('role', r.role, 'account', r.account, 'grantor', string_agg(distinct pg_get_userbyid(m.grantor)::text, ', '),
      'validUntil', max(${utc('a.rolvaliduntil')}))
    from ${memberships} group by r.account, r.role), '{}'))::text, true);
end`;
