import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** A JSON schema, as far as anybody may rely on it: some members of an object. */
export type Schema = Readonly<Record<string, unknown>>;

const content = z.record(z.string(), z.looseObject({ schema: z.looseObject({}).optional() }));
const operationShape = z.looseObject({
  operationId: z.string(),
  description: z.string().default(''),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().default(false),
        schema: z.looseObject({}),
      }),
    )
    .default([]),
  requestBody: z.looseObject({ required: z.boolean().default(false), content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: content.optional() })),
});
const documentShape = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operationShape)),
});

export type Operation = z.infer<typeof operationShape> & {
  /** In upper case. */
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  /** Where it stands in the document, as a JSON pointer. */
  readonly pointer: string;
  readonly bodySchema: Schema | undefined;
  /** Its answer ends when something happens, or never. */
  readonly isStream: boolean;
  /** The answer holds a secret that no other answer may hold. */
  readonly showsOnce: boolean;
  /** The document says that its body may be longer than others. */
  readonly takesLong: boolean;
  readonly needsToken: boolean;
  /** What the token must have; undefined where the document names none. */
  readonly scope: string | undefined;
};

export type ApiDocument = { readonly document: Readonly<Record<string, unknown>>; readonly operations: readonly Operation[] };

export const pointerTo = (...names: readonly string[]): string =>
  names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** What the app itself says of its routes. */
export function readDocument(app: FastifyInstance): ApiDocument {
  const document = documentShape.parse(app.swagger());
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, found]): Operation => {
      const [need] = found.security;
      return {
        ...found,
        method: method.toUpperCase(),
        path,
        pointer: pointerTo('paths', path, method),
        bodySchema: found.requestBody?.content['application/json']?.schema,
        isStream: /\/(?:poll|events)$/.test(path) || JSON.stringify(found.responses).includes('event-stream'),
        showsOnce: /shown? once/i.test(JSON.stringify(found)),
        takesLong: found.description.includes('MiB'),
        needsToken: need !== undefined,
        scope: need?.['bearer']?.[0],
      };
    }),
  );
  return { document, operations };
}

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '');

/** The operation that takes this call, as a router would choose: what is spelled out goes before what is a parameter. */
export function operationAt(operations: readonly Operation[], method: string, address: string): Operation | undefined {
  const path = segmentsOf(address.split('?', 1)[0] ?? '');
  const fits = operations.filter((each) => {
    const pattern = segmentsOf(each.path);
    return (
      each.method === method &&
      pattern.length === path.length &&
      pattern.every((segment, index) => segment.startsWith('{') || segment === path[index])
    );
  });
  const literal = (each: Operation) =>
    segmentsOf(each.path)
      .map((segment) => (segment.startsWith('{') ? '1' : '0'))
      .join('');
  return fits.toSorted((a, b) => literal(a).localeCompare(literal(b)))[0];
}
