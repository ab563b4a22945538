/** People: alice asks for others over HTTP, carol agrees in Slack, and some give back or take away before the end. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { people, type Place } from './place.ts';
import type { Chance } from './random.ts';

/** How long somebody goes on trying to be heard; and once nobody asks any more. */
const patienceMs = 60_000;
const lastPatienceMs = 15_000;
const inDoubtMs = 5_000;
/** Alice may have no more that are undecided; and who is not heard must not be joined by ever more. */
const mostAtOnce = 20;

export type Load = {
  /** What was asked, and what came of it as far as the asker knows. */
  readonly asked: readonly { readonly words: string; id: string | undefined }[];
  /** Resolves when nobody is in the middle of anything. */
  stop(): Promise<void>;
};

type Options = {
  readonly place: Place;
  readonly port: number;
  readonly key: string;
  readonly chance: Chance;
  readonly perSecond: number;
  /** Stands before the words of each request. */
  readonly name: string;
};

type Answer = Record<string, unknown> | undefined;
type People = {
  /** The same words and the same key until somebody answers, or patience is over. */
  readonly call: (route: string, body: object) => Promise<Answer>;
  /** A command in Slack may be lost like any other: again until it is so in the database. */
  readonly insist: (name: string, text: string, isSo: () => Promise<boolean>) => Promise<void>;
};

export function startLoad({ place, port, key, chance, perSecond, name }: Options): Load {
  const asked: { words: string; id: string | undefined }[] = [];
  const under = new Set<Promise<void>>();
  const state = { endsAt: Number.POSITIVE_INFINITY };
  const those = createPeople({ place, port, key, isOver: (since) => Date.now() > Math.min(since + patienceMs, state.endsAt) });

  let count = 0;
  const timer = setInterval(() => {
    if (under.size >= mostAtOnce) return;
    count += 1;
    const entry = { words: `${name} ${count}`, id: undefined as string | undefined };
    asked.push(entry);
    const life: Promise<void> = live(those, place, chance, entry).finally(() => under.delete(life));
    under.add(life);
  }, 1000 / perSecond);
  return {
    asked,
    async stop() {
      clearInterval(timer);
      state.endsAt = Date.now() + lastPatienceMs;
      await Promise.allSettled(under);
    },
  };
}

/** One request, and what becomes of it. */
async function live({ call, insist }: People, place: Place, chance: Chance, entry: { words: string; id: string | undefined }) {
  const person = chance.pick(people);
  const role = chance.pick(['readonly', 'readwrite']);
  const seconds = chance.whole(2, 7);
  const fate = chance.next();
  const patience = chance.whole(200, 2_500);
  const argv = ['grant', 'pg', 'role', role, '--to', `${person}@example.com`, '--duration', '60s', '--reason', entry.words];
  const answer = await call('command', { argv, scriptName: 'p0' });
  const id = typeof answer?.['id'] === 'string' ? answer['id'] : undefined;
  entry.id = id;
  if (id === undefined) return;
  const isDecided = async (): Promise<boolean> =>
    (await place.read(`select 1 from requests where id = $1 and state <> 'pending'`, [id])).length > 0;
  const isOver = async (): Promise<boolean> =>
    (await place.read(`select 1 from grants where request_id = $1 and state not in ('planned', 'active')`, [id])).length > 0;
  if (fate < 0.05) return insist('carol', `/access deny ${id}`, isDecided);
  await insist('carol', `/access approve ${id} --duration ${seconds}s`, isDecided);
  if (fate > 0.4) return;
  await sleep(patience);
  if (fate > 0.25) return insist(person, `/access relinquish ${id}`, isOver);
  if (fate > 0.12) return void (await call(`permission-requests/${id}/revoke`, { reason: 'chaos' }));
  const panic = await call('panics', { selection: { kind: 'person', person: `${person}@example.com` }, reason: entry.words });
  await sleep(patience);
  if (typeof panic?.['id'] === 'string') await call(`panics/${panic['id']}/lift`, {});
}

function createPeople({
  place,
  port,
  key,
  isOver,
}: Pick<Options, 'place' | 'port' | 'key'> & { isOver: (since: number) => boolean }): People {
  return {
    async call(route, body) {
      const idempotencyKey = randomUUID();
      const since = Date.now();
      for (let pauseMs = 300; !isOver(since); await sleep(pauseMs), pauseMs = Math.min(2 * pauseMs, 3_000)) {
        const answer = await fetch(`http://127.0.0.1:${port}/o/demo/${route}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(15_000),
        }).catch(() => undefined);
        // A process that died in the middle of it leaves it in doubt for a minute, which is longer than people wait.
        if (answer?.status === 409 && Date.now() - since > inDoubtMs) return undefined;
        if (answer === undefined || answer.status >= 500 || answer.status === 409 || answer.status === 429) continue;
        return (await answer.json().catch(() => undefined)) as Answer;
      }
      return undefined;
    },
    async insist(name, text, isSo) {
      for (const since = Date.now(); !isOver(since); await sleep(1_000)) {
        await place.slack.workspace
          .as(name)
          .command(text)
          .catch(() => undefined);
        // What it does, it does after it was acknowledged.
        for (let looks = 0; looks < 4; looks += 1) {
          if (await isSo().catch(() => false)) return;
          await sleep(150);
        }
      }
    },
  };
}
