import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import pg from 'pg';
import { whenAllGiven } from './approve-requests.ts';
import { signingSecret } from './approve-servers.ts';
import { listenOn } from './server.ts';

const connections = 10;
const tables = `create schema bare;
  create table bare.requests (id uuid primary key, status text not null default 'pending');
  create table bare.grants (id uuid primary key, subject text, status text, at timestamptz not null default clock_timestamp(), expires_at timestamptz);
  create table bare.audit (id bigint generated always as identity primary key, subject_id uuid, actor text, action text, data jsonb, at timestamptz default now());
  create table bare.outbox (id bigint generated always as identity primary key, kind text, payload jsonb)`;
const approveSql = `with r as (update bare.requests set status = 'approved' where id = $1 and status = 'pending' returning id),
  a as (insert into bare.audit (subject_id, actor, action, data) select id, $2, 'request.approved', '{}' from r)
  insert into bare.outbox (kind, payload) select 'notify', jsonb_build_object('request', id) from r`;
const grantSql = `with g as (insert into bare.grants (id, subject, status, expires_at) values ($1, $2, 'active', now() + interval '1 hour') returning id),
  a as (insert into bare.audit (subject_id, actor, action, data) select id, 'system', 'grant.activated', '{}' from g)
  insert into bare.outbox (kind, payload) select 'notify', jsonb_build_object('grant', id) from g`;

export type BareProvision = {
  readonly origin: string;
  /** Requests that wait. Their ids are what is clicked on. */
  open(count: number): Promise<readonly string[]>;
  /** ms since 1970 at which each was given, in their order. */
  given(ids: readonly string[]): Promise<readonly number[]>;
};

/** Two statements and a signature that is looked at: click, approved, acknowledged, given, with no framework at all. */
export async function serveBareProvision(url: string, stack: AsyncDisposableStack): Promise<BareProvision> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  stack.defer(() => pool.end());
  await pool.query(tables);
  const origin = await listenOn((request, response) => void answer(pool, request, response), stack);
  return {
    origin,
    async open(count) {
      const { rows } = await pool.query<{ id: string }>(
        'insert into bare.requests (id) select gen_random_uuid() from generate_series(1, $1::int) returning id',
        [count],
      );
      return rows.map(({ id }) => id);
    },
    given: (ids) => whenAllGiven(pool, 'select id, at from bare.grants', ids),
  };
}

async function answer(pool: pg.Pool, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const mac = createHmac('sha256', signingSecret).update(`v0:${String(request.headers['x-slack-request-timestamp'])}:${body}`);
  const [ours, theirs] = [Buffer.from(`v0=${mac.digest('hex')}`), Buffer.from(String(request.headers['x-slack-signature']))];
  if (ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) {
    response.writeHead(401).end();
    return;
  }
  const payload = JSON.parse(new URLSearchParams(body).get('payload') ?? '') as { user: { id: string }; actions: [{ value: string }] };
  const [id, user] = [payload.actions[0].value, payload.user.id];
  const { rowCount } = await pool.query({ name: 'approve', text: approveSql, values: [id, user] });
  response.end();
  if (rowCount === 1) await pool.query({ name: 'grant', text: grantSql, values: [id, user] });
}
