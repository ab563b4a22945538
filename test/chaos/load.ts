/** People: alice asks for others over HTTP, carol agrees in Slack, and some give back or take away before the end. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { people, type Place } from './place.ts';
import type { Chance } from './random.ts';

/** How long somebody goes on trying to be heard. */
const patienceMs = 60_000;

export type Load = {
  /** What was asked, and what came of it as far as the asker knows. */
  readonly asked: readonly { readonly words: string; id: string | undefined }[];
  /** Resolves when nobody is in the middle of anything. */
  stop(): Promise<void>;
};

type Options = { readonly place: Place; readonly port: number; readonly key: string; readonly chance: Chance; readonly perSecond: number };

export function startLoad({ place, port, key, chance, perSecond }: Options): Load {
  const asked: { words: string; id: string | undefined }[] = [];
  const under = new Set<Promise<void>>();
  const workspace = place.slack.workspace;

  /** The same words and the same key until somebody answers, or patience is over. */
  const call = async (route: string, body: object, idempotencyKey = randomUUID()): Promise<Record<string, unknown> | undefined> => {
    for (const since = Date.now(); Date.now() - since < patienceMs; await sleep(250)) {
      const answer = await fetch(`http://127.0.0.1:${port}/o/demo/${route}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15_000),
      }).catch(() => undefined);
      if (answer === undefined || answer.status >= 500 || answer.status === 409 || answer.status === 429) continue;
      return (await answer.json().catch(() => undefined)) as Record<string, unknown> | undefined;
    }
    return undefined;
  };
  /** Until it is so in the database: a command in Slack may be lost like any other. */
  const insist = async (name: string, text: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const since = Date.now(); Date.now() - since < patienceMs; await sleep(500)) {
      await workspace
        .as(name)
        .command(text)
        .catch(() => undefined);
      if (await isSo().catch(() => false)) return;
    }
  };

  const live = async (n: number): Promise<void> => {
    const person = chance.pick(people);
    const role = chance.pick(['readonly', 'readwrite']);
    const seconds = chance.whole(2, 7);
    const fate = chance.next();
    const patience = chance.whole(200, 2_500);
    const entry = { words: `chaos ${n}`, id: undefined as string | undefined };
    asked.push(entry);
    const argv = ['grant', 'pg', 'role', role, '--to', `${person}@example.com`, '--duration', '60s', '--reason', entry.words];
    const answer = await call('command', { argv, scriptName: 'p0' });
    const id = typeof answer?.['id'] === 'string' ? answer['id'] : undefined;
    entry.id = id;
    if (id === undefined) return;
    const isNot = async (state: string): Promise<boolean> => {
      const rows = await place.read('select 1 from requests where id = $1 and state <> $2', [id, state]);
      return rows.length > 0;
    };
    if (fate < 0.1) return insist('carol', `/access deny ${id}`, () => isNot('pending'));
    await insist('carol', `/access approve ${id} --duration ${seconds}s`, () => isNot('pending'));
    if (fate > 0.4) return;
    await sleep(patience);
    const isOver = async (): Promise<boolean> => {
      const rows = await place.read(`select 1 from grants where request_id = $1 and state not in ('planned', 'active')`, [id]);
      return rows.length > 0;
    };
    if (fate > 0.25) return insist(person, `/access relinquish ${id}`, isOver);
    await call(`permission-requests/${id}/revoke`, { reason: 'chaos' });
  };

  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    const life: Promise<void> = live(count).finally(() => under.delete(life));
    under.add(life);
  }, 1000 / perSecond);
  return {
    asked,
    async stop() {
      clearInterval(timer);
      await Promise.allSettled(under);
    },
  };
}
