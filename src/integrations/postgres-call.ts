/** One call to a PostgreSQL target: bounded in time on both sides, and honest about what may have been applied. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { type CallResult, callDeadlineMs } from '../domain/right.ts';
import { describe, isRefusal, isTransient, refusal } from './postgres-errors.ts';

/** What somebody else's lock may cost us; long enough for a busy target, short enough to get on with the others. */
const lockTimeoutMs = 2_000;

export type NoAnswer = Exclude<CallResult, { kind: 'observed' }>;
export type Outcome<T> = { readonly answer: T } | { readonly failed: NoAnswer };

/** The time of one call, which may take several connections. */
export type CallTime = { readonly ends: AbortSignal; remainingMs(): number };

export type Call = {
  /** Runs `program` with `input`, in a transaction of its own that commits. */
  run<T>(program: string, input: object, answer: z.ZodType<T>): Promise<T>;
  pause(ms: number): Promise<void>;
};

type Stage = 'unsent' | 'sent' | 'committed';

const clockAnswer = z.object({ rows: z.tuple([z.object({ ms: z.coerce.number() })]) });
const programAnswers = z.array(z.object({ rows: z.array(z.object({ answer: z.string().nullish() })) }));

/** Starts the time of a call: `callDeadlineMs`, or less where `signal` says so. */
export function startCall(signal: AbortSignal): CallTime {
  const end = performance.now() + callDeadlineMs;
  return { ends: AbortSignal.any([signal, AbortSignal.timeout(callDeadlineMs)]), remainingMs: () => end - performance.now() };
}

/**
 * Calls the target; once more where it lost a race for a catalogue row. `failed` tells what became of it: `unsent` as
 * long as no program was sent, `refused` where the first program was rolled back, and `lost` in every other case.
 */
export async function callPostgres<T>(pool: pg.Pool, time: CallTime, work: (call: Call) => Promise<T>): Promise<Outcome<T>> {
  const first = await attempt(pool, time, work);
  if ('answer' in first || !first.worthAnotherTry) return first;
  return attempt(pool, time, work);
}

async function attempt<T>(
  pool: pg.Pool,
  time: CallTime,
  work: (call: Call) => Promise<T>,
): Promise<{ answer: T } | { failed: NoAnswer; worthAnotherTry: boolean }> {
  let stage: Stage = 'unsent';
  let release: ((broken: boolean) => void) | undefined;
  try {
    const client = await checkOut(pool, time.ends);
    release = onceReleased(client, time.ends);
    const askedMs = time.remainingMs();
    const clock = clockAnswer.parse(await client.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms'));
    const lastMs = clock.rows[0].ms + askedMs;
    const answer = await work({
      async run(program, input, answerShape) {
        const text = transaction(program, { ...input, lastMs }, Math.max(1, Math.floor(time.remainingMs())));
        if (stage === 'unsent') stage = 'sent';
        const answers = programAnswers.parse(await client.query(text));
        stage = 'committed';
        return answerShape.parse(JSON.parse(answers.at(-2)?.rows[0]?.answer ?? 'null'));
      },
      pause: async (ms) => sleep(ms, undefined, { signal: time.ends }),
    });
    release(false);
    return { answer };
  } catch (error) {
    release?.(true);
    const failed = classify(error, stage, time.ends.aborted);
    return { failed, worthAnotherTry: failed.kind === 'refused' && error instanceof pg.DatabaseError && isTransient(error.code ?? '') };
  }
}

function classify(error: unknown, stage: Stage, aborted: boolean): NoAnswer {
  if (!aborted && stage !== 'committed' && isRefusal(error, stage)) return refusal(error);
  const why = aborted ? 'PostgreSQL did not answer in time' : describe(error);
  return { kind: stage === 'unsent' ? 'unsent' : 'lost', why };
}

/**
 * The program as one message, so that no transaction of ours waits for us. `lock_timeout` and `statement_timeout` bound
 * the program on the target; a message that was held up on its way is bounded by `lastMs`, on the target's own clock,
 * which the programs look at first (R8).
 */
function transaction(program: string, input: object, remainingMs: number): string {
  return [
    'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
    `SET LOCAL statement_timeout = ${remainingMs}`,
    `SET LOCAL lock_timeout = ${Math.min(remainingMs, lockTimeoutMs)}`,
    // Compiling a query takes longer than any of ours runs.
    'SET LOCAL jit = off',
    // All of ours look up single rows. The planner has old statistics of these catalogues, if any, and may read them whole for each.
    'SET LOCAL enable_seqscan = off',
    'SET LOCAL enable_hashjoin = off',
    'SET LOCAL enable_mergejoin = off',
    `SELECT set_config('curfew.call', ${pg.escapeLiteral(JSON.stringify(input))}, true)`,
    `DO ${pg.escapeLiteral(program)}`,
    "SELECT current_setting('curfew.answer') AS answer",
    'COMMIT',
  ].join(';\n');
}

/** A connection of the pool, or a rejection when the call ends first; a connection that comes too late goes back. */
async function checkOut(pool: pg.Pool, ends: AbortSignal): Promise<pg.PoolClient> {
  ends.throwIfAborted();
  const pending = pool.connect();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new Error('the call ended'));
  ends.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([pending, ended]);
  } catch (error) {
    // Its failure is of no interest to anybody any more: this call has already failed.
    pending.then(
      (late) => late.release(),
      () => undefined,
    );
    throw error;
  } finally {
    ends.removeEventListener('abort', onAbort);
  }
}

/** Gives the connection back exactly once; the end of the call cuts it, which also rejects a query that waits. */
function onceReleased(client: pg.PoolClient, ends: AbortSignal): (broken: boolean) => void {
  let released = false;
  let failed = false;
  // While it is checked out nobody else listens, and an unheard `error` would end the process. The query reports it.
  const onError = () => {
    failed = true;
  };
  const release = (broken: boolean) => {
    if (released) return;
    released = true;
    ends.removeEventListener('abort', onAbort);
    client.release(broken || failed);
    if (!broken && !failed) client.off('error', onError);
  };
  const onAbort = () => release(true);
  client.on('error', onError);
  ends.addEventListener('abort', onAbort, { once: true });
  if (ends.aborted) release(true);
  return release;
}
