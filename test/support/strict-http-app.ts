import type { FastifyInstance } from 'fastify';
import { expect } from 'vitest';
import type { UseCases } from '../../src/app/use-cases.ts';
import { createHttpApp } from '../../src/http/server.ts';
import { org } from './world.ts';

/** The API over real use cases. Whatever it logs as an error fails the test, with its stack. */
export const strictHttpApp = (useCases: UseCases): Promise<FastifyInstance> =>
  createHttpApp({
    useCases,
    org,
    log: { info: () => undefined, error: (fields) => expect.unreachable(JSON.stringify(fields, (_, value) => value?.stack ?? value)) },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
    rateLimit: 10_000,
  });
