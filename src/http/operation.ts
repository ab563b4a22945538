import type { Scope } from '../domain/scope.ts';
import { z } from 'zod';

export const tags = [
  'Commands',
  'Access requests',
  'Standing access',
  'Pre-approvals',
  'Panic',
  'Policies',
  'Settings',
  'API keys',
  'Webhooks',
  'Audit',
  'Discovery',
  'Health',
] as const;
export type Tag = (typeof tags)[number];

/**
 * What the OpenAPI document says of a route beside its schemas: spread it into the route's `schema`. `id` is camel case
 * and unique; `scope` is the one its door asks for, undefined where no token is needed.
 */
export const operation = (id: string, tag: Tag, scope: Scope | undefined, summary: string, description?: string) => ({
  operationId: id,
  tags: [tag],
  summary,
  ...(description === undefined ? {} : { description }),
  security: scope === undefined ? [] : [{ bearer: [scope] }],
});

/** A JSON pointer into the body, and what is wrong there. */
const fieldError = z.object({ pointer: z.string(), detail: z.string() });

/** RFC 9457, and `error`, which the published clients print. */
export const problemDocumentSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    error: z.string(),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: 'Problem' });

/** An answer that is not always JSON, by its content type. */
type ByType = { readonly description: string; readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>> };

/**
 * The answers of a route, to be spread into its `schema`, by status. Refusals that many have are added by `openapi-common.ts`.
 * Hidden from the framework's types, which would want `reply.send` to know the schema; that no answer strays from the
 * document is what the fuzz test looks for.
 */
export const answers = (own: Readonly<Record<number, z.ZodType | ByType>>): object => ({
  response: own,
});

/** A page of a listing. `cursor` is opaque: what the page before called `nextCursor`. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('At most so many, newest first'),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before'),
};
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });
