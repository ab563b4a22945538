import type { RequestId } from '../../src/domain/ids.ts';
import type { World } from './world.ts';

/** As a newer release's migration would, before it stores states that this release does not know. */
export async function dropChecks(world: World): Promise<void> {
  const { rows } = await world.pool.query<{ statement: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as statement from pg_constraint
      where contype = 'c' and conrelid in ('requests'::regclass, 'grants'::regclass, 'rights'::regclass, 'outbox'::regclass,
        'messages'::regclass, 'role_bindings'::regclass)`,
  );
  for (const { statement } of rows) await world.pool.query(statement);
}

/** The states that this release does not know, and everything that must not be changed with them. */
export async function snapshot(world: World, ids: readonly RequestId[]): Promise<readonly unknown[]> {
  const { rows } = await world.pool.query(
    `select q.id, q.state, q.decided_seconds, g.state as grant_state, g.end_kind, g.left_in_place, g.gone_at is null as is_there,
        r.observed, r.baseline, r.lane, r.fence, r.generation, r.attempts,
        (select count(*)::int from outbox o where o.subject = q.id) as lines
      from requests q left join grants g on g.org = q.org and g.request_id = q.id left join rights r on r.org = g.org and r.id = g.right_id
      where q.id = any($1::uuid[]) order by q.id`,
    [ids],
  );
  return rows;
}
