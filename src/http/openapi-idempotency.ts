import type { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { idempotencyKey } from './idempotency.ts';
import { problemAnswer } from './operation.ts';

type Described = Parameters<typeof jsonSchemaTransform>[0];

const headers = z.object({
  'Idempotency-Key': z
    .string()
    .regex(idempotencyKey)
    .max(255)
    .optional()
    .describe(
      'Makes a repeat safe: within 24 hours, the same key with the same body acts once and is answered alike; a repeated answer carries `Idempotency-Replayed: true`',
    ),
});
const conflict = problemAnswer(
  'The state of things is against it; or a call with this Idempotency-Key is being carried out, or was and its answer is not given twice',
);
const reused = problemAnswer('What was asked for cannot be; or the Idempotency-Key was used for another call');

/** What every POST of an organisation has in common, for the document only: `idempotency.ts` looks at the header itself. */
export function describeRepeats(described: Described): Described {
  const { schema, url, route } = described;
  if (route.method !== 'POST' || !url.startsWith('/o/:org/')) return described;
  if (schema.headers !== undefined) throw new Error(`the headers of ${url} would not be described`);
  const own = typeof schema.response === 'object' ? schema.response : {};
  return { ...described, schema: { ...schema, headers, response: { 409: conflict, 422: reused, ...own } } };
}
