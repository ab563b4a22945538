import { type Kysely, sql } from 'kysely';

/** Sign-ins with the identity provider that are under way, to link an account of a chat workspace. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
create table sign_ins (
  org text not null,
  token text not null check (length(token) = 43),
  workspace text not null,
  user_id text not null,
  shown_workspace text not null,
  shown_name text not null,
  shown_email text,
  browser text check (length(browser) = 43),
  issuer text,
  subject text,
  email text,
  expires_at timestamptz not null default clock_timestamp() + interval '10 minutes',
  primary key (org, token)
);
create unique index sign_ins_by_browser on sign_ins (org, browser);
create index sign_ins_by_account on sign_ins (org, workspace, user_id);
comment on column sign_ins.token is 'SHA-256 of the token in the link that the person was given.';
comment on column sign_ins.browser is 'SHA-256 of the secret of the browser that goes on with it.';
comment on column sign_ins.subject is 'Whom the provider vouched for, with issuer and email; null: not signed in yet.';
comment on column sign_ins.shown_email is 'As Slack shows it, for the person who confirms; nothing follows from it.';
`.execute(db);
}
