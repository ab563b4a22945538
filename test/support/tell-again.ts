import type { Pool } from 'pg';
import type { Work } from '../../src/app/use-cases.ts';
import type { RequestId } from '../../src/domain/ids.ts';

type Told = { readonly pool: Pick<Pool, 'query'>; readonly work: Pick<Work, 'notify'> };

/** As whoever wants a request looked at: by a line in the outbox. Without one there is nothing to tell, and nothing is looked at. */
export async function tellAgain({ pool, work }: Told, id: RequestId): Promise<void> {
  await pool.query(
    `insert into outbox (org, kind, subject) select org, 'notify', id from requests
      where id = $1 and not exists (select from outbox where kind = 'notify' and subject = $1)`,
    [id],
  );
  await work.notify(id);
}
