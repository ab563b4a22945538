/**
 * People: alice asks for others over HTTP, carol agrees in Slack; some want more time, some give back or have it taken away before the
 * end, and some take at once what nobody agreed to yet, which alice ends and reviews.
 */
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

const roles = ['readonly', 'readwrite'] as const;

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

type Entry = { readonly words: string; id: string | undefined };
/** Keeps what is asked, for the checker. */
type Note = (words: string) => Entry;
type Answer = Record<string, unknown> | undefined;
type People = {
  /** The same words and the same key until somebody answers, or patience is over. */
  readonly call: (route: string, body: object) => Promise<Answer>;
  /** A command in Slack may be lost like any other: again until it is so in the database. */
  readonly insist: (name: string, text: string, isSo: () => Promise<boolean>) => Promise<void>;
};

export function startLoad({ place, port, key, chance, perSecond, name }: Options): Load {
  const asked: Entry[] = [];
  const under = new Set<Promise<void>>();
  const state = { endsAt: Number.POSITIVE_INFINITY };
  const those = createPeople({ place, port, key, isOver: (since) => Date.now() > Math.min(since + patienceMs, state.endsAt) });

  let count = 0;
  const timer = setInterval(() => {
    if (under.size >= mostAtOnce) return;
    count += 1;
    const note = (words: string): Entry => {
      const entry: Entry = { words, id: undefined };
      asked.push(entry);
      return entry;
    };
    const words = `${name} ${count}`;
    const isUrgent = chance.next() < 0.06;
    const life: Promise<void> = (isUrgent ? takeAtOnce : live)(those, place, chance, words, note).finally(() => under.delete(life));
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
async function live(those: People, place: Place, chance: Chance, words: string, note: Note): Promise<void> {
  const { call, insist } = those;
  const person = chance.pick(people);
  const role = chance.pick(roles);
  const fate = chance.next();
  const isExtended = fate > 0.4 && fate < 0.52;
  // Whoever wants more time needs some of it to be given, and to ask.
  const seconds = chance.whole(2, 7) + (isExtended ? 6 : 0);
  const patience = chance.whole(200, 2_500);
  const more = chance.whole(1, 4);
  const argv = ['grant', 'pg', 'role', role, '--to', `${person}@example.com`, '--duration', '60s', '--reason', words];
  const entry = note(words);
  const id = idOf(await call('command', { argv, scriptName: 'p0' }));
  entry.id = id;
  if (id === undefined) return;
  const isOver = () => isThere(place, `select 1 from grants where request_id = $1 and state not in ('planned', 'active')`, id);
  if (fate < 0.05) return insist('carol', `/access deny ${id}`, () => isDecided(place, id));
  await insist('carol', `/access approve ${id} --duration ${seconds}s`, () => isDecided(place, id));
  if (isExtended) return extend(those, place, id, `${more}s`, note(`${words}, longer`));
  if (fate > 0.4) return;
  await sleep(patience);
  if (fate > 0.25) return insist(person, `/access relinquish ${id}`, isOver);
  if (fate > 0.12) return void (await call(`permission-requests/${id}/revoke`, { reason: 'chaos' }));
  const panic = idOf(await call('panics', { selection: { kind: 'person', person: `${person}@example.com` }, reason: words }));
  await sleep(patience);
  if (panic !== undefined) await call(`panics/${panic}/lift`, {});
}

/** More time, as soon as the access is there; where it is over by then there is nothing to extend. */
async function extend({ call, insist }: People, place: Place, id: string, duration: string, entry: Entry): Promise<void> {
  const isGiven = () => isThere(place, `select 1 from grants where request_id = $1 and state <> 'planned'`, id);
  for (let looks = 0; looks < 100 && !(await isGiven().catch(() => false)); looks += 1) await sleep(100);
  const more = idOf(await call(`permission-requests/${id}/extend`, { duration, reason: entry.words }));
  entry.id = more;
  if (more !== undefined) await insist('carol', `/access approve ${more} --duration ${duration}`, () => isDecided(place, more));
}

/** Somebody takes it although nobody agreed; alice ends it and looks at it, because until then they take nothing more. */
async function takeAtOnce({ call, insist }: People, place: Place, chance: Chance, words: string, note: Note): Promise<void> {
  const person = chance.pick(people);
  const patience = chance.whole(500, 4_000);
  const entry = note(words);
  const find = async (): Promise<string | undefined> =>
    (await place.read<{ id: string }>('select id from requests where reason = $1', [words]))[0]?.id;
  // Who owes a review takes nothing, nor does who is held back.
  const mayNot = `select 1 from people p where p.email = $1 and (
    exists (select from break_glass b where b.org = p.org and b.person_id = p.id and b.blocks)
    or exists (select from panics x where x.org = p.org and x.person_id = p.id and x.hold and x.lifted_at is null))`;
  const isAnswered = async (): Promise<boolean> => (await find()) !== undefined || (await isThere(place, mayNot, `${person}@example.com`));
  await insist(person, `/access request pg role ${chance.pick(roles)} --break-glass --reason "${words}"`, isAnswered);
  const id = await find().catch(() => undefined);
  entry.id = id;
  if (id === undefined) return;
  await sleep(patience);
  await call(`permission-requests/${id}/revoke`, { reason: 'chaos' });
  await call(`permission-requests/${id}/review`, { note: 'chaos' });
}

const idOf = (answer: Answer): string | undefined => (typeof answer?.['id'] === 'string' ? answer['id'] : undefined);

const isThere = async (place: Place, sql: string, value: string): Promise<boolean> => (await place.read(sql, [value])).length > 0;

const isDecided = (place: Place, id: string): Promise<boolean> =>
  isThere(place, `select 1 from requests where id = $1 and state <> 'pending'`, id);

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
