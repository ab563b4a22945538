import { PassThrough } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../app/ports.ts';
import type { Problem } from './problem.ts';

const mostOfAll = 1_000;

export type OpenStreams = {
  /** Has this person, or have all together, as many streams as there may be? */
  isFull(caller: Caller): boolean;
  /** A body that is written to for as long as the client stays; `gone` tells when it does not, or the server stops. */
  open(caller: Caller): { readonly body: PassThrough; readonly gone: AbortSignal };
};

/** The answers of one kind that go on, so many at most for one person. When the server stops, `stop` is called with each. */
export function createOpenStreams(scope: FastifyInstance, mostOfOne: number, stop: (body: PassThrough) => void): OpenStreams {
  const open = new Map<PassThrough, { readonly person: string; readonly gone: AbortController }>();
  scope.addHook('preClose', async () => {
    for (const [body, { gone }] of open) {
      gone.abort();
      stop(body);
    }
  });
  return {
    isFull: ({ person }) => open.size >= mostOfAll || [...open.values()].filter((each) => each.person === person.id).length >= mostOfOne,
    open({ person }) {
      const body = new PassThrough();
      const gone = new AbortController();
      open.set(body, { person: person.id, gone });
      body.on('close', () => {
        open.delete(body);
        gone.abort();
      });
      return { body, gone: gone.signal };
    },
  };
}

export const tooManyStreams: Problem = {
  code: 'too-many-waiting',
  status: 429,
  title: 'Too many waiting',
  detail: 'Too many calls wait already. Try again later.',
  retryAfterSeconds: 30,
};
