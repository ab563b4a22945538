import type { JobsOptions } from 'bullmq';
import { z } from 'zod';
import type { Job } from '../app/ports.ts';
import { parseRequestId, parseRightId } from '../domain/ids.ts';

/**
 * Queues of their own, so that a heap of expiries never stands in front of somebody who waits for an answer, and messages
 * that wait for their turn at Slack stand in front of neither.
 */
export const queueNames = ['expiry', 'work', 'messages'] as const;
export type QueueName = (typeof queueNames)[number];

/** What BullMQ keeps of a {@link Job}. */
type Envelope = { readonly name: Job['kind']; readonly data: Payload; readonly opts: JobsOptions };

const branded = <T extends string>(parse: (text: string) => T | undefined) =>
  z
    .string()
    .max(100)
    .transform((text, context) => {
      const id = parse(text);
      if (id !== undefined) return id;
      context.addIssue({ code: 'custom', message: 'not an id' });
      return z.NEVER;
    });

// The limit is the last second that a JavaScript date can express.
const epochSecond = z.int().min(0).max(8_640_000_000_000);
/** A user of a Slack workspace. */
const account = z.string().regex(/^[A-Z0-9]{1,64}$/);
const outboxId = z.string().regex(/^[\w-]{1,64}$/);

/** An id and nothing else. Redis is not trusted (I12): whatever does not look exactly like this is dropped. */
const Payload = z.discriminatedUnion('kind', [
  z.strictObject({ v: z.literal(1), kind: z.literal('due'), id: epochSecond }),
  z.strictObject({ v: z.literal(1), kind: z.literal('look'), id: branded(parseRightId) }),
  z.strictObject({ v: z.literal(1), kind: z.literal('notify'), id: branded(parseRequestId), outboxId }),
  z.strictObject({ v: z.literal(1), kind: z.literal('home'), id: account }),
]);
type Payload = z.output<typeof Payload>;

/** The job in what a worker was handed; undefined for anything that {@link toEnvelope} did not make. */
export function parseJob(data: unknown): Job | undefined {
  const parsed = Payload.safeParse(data);
  if (!parsed.success) return undefined;
  const payload = parsed.data;
  switch (payload.kind) {
    case 'due':
      return { kind: 'due', epochSecond: payload.id };
    case 'look':
      return { kind: 'look', rightId: payload.id };
    case 'notify':
      return { kind: 'notify', requestId: payload.id, outboxId: payload.outboxId };
    case 'home':
      return { kind: 'home', account: payload.id };
  }
}

export function queueOf(job: Job): QueueName {
  switch (job.kind) {
    case 'due':
      return 'expiry';
    case 'look':
      return 'work';
    case 'notify':
    case 'home':
      return 'messages';
  }
}

/**
 * How a job is added. Ids hold no `:` and are no integers, because BullMQ keeps those for itself.
 *
 * A fixed job id makes adding idempotent, but BullMQ also ignores it while that job *runs*, and a wake-up that comes
 * then may tell of something that the run has already passed by. An alarm in the future and an outbox line may be
 * ignored safely: nothing new can hide behind their ids. The others are deduplicated instead: while one waits, another
 * does nothing; while one runs, one more runs after it. Should BullMQ lose that too, the sweep comes every few seconds.
 */
export function toEnvelope(job: Job, nowMs: number): Envelope {
  switch (job.kind) {
    case 'due': {
      const delay = job.epochSecond * 1000 - nowMs;
      return {
        name: job.kind,
        data: { v: 1, kind: 'due', id: job.epochSecond },
        opts: delay > 0 ? { jobId: `due-${job.epochSecond}`, delay } : againIfRunning('due-now'),
      };
    }
    case 'look':
      return { name: job.kind, data: { v: 1, kind: 'look', id: job.rightId }, opts: againIfRunning(`look-${job.rightId}`) };
    case 'notify':
      return {
        name: job.kind,
        data: { v: 1, kind: 'notify', id: job.requestId, outboxId: job.outboxId },
        // The others are not tried again here: the sweep repeats them anyway, and sooner.
        opts: { jobId: `notify-${job.outboxId}`, attempts: 10, backoff: { type: 'capped' } },
      };
    case 'home':
      return { name: job.kind, data: { v: 1, kind: 'home', id: job.account }, opts: againIfRunning(`home-${job.account}`) };
  }
}

const againIfRunning = (id: string): JobsOptions => ({ deduplication: { id, keepLastIfActive: true } });

/** Before the next attempt, in milliseconds: doubling from half a second to a minute, ten attempts in about three minutes. */
export const retryDelayMs = (attemptsMade: number): number => Math.min(500 * 2 ** (attemptsMade - 1), 60_000);
