import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { entityTagMark } from './entity-tag.ts';
import { idempotencyKey } from './idempotency.ts';

type Document = NonNullable<FastifyDynamicSwaggerOptions['openapi']>;
type Operation = NonNullable<NonNullable<NonNullable<Document['paths']>[string]>['get']>;
type Answer = NonNullable<Operation['responses']>[string];

const methods = ['get', 'post', 'put', 'delete'] as const;

const refusals: Readonly<Record<string, string>> = {
  400: 'A value, or the state of things, does not fit',
  401: 'No valid token',
  403: 'The token, or whoever it belongs to, may not do that',
  404: "Unknown, or another organisation's",
  409: 'The state of things is against it; or a call with this Idempotency-Key is being carried out, or was and its answer is not given twice',
  412: 'Somebody changed it meanwhile: the version in If-Match is not the current one',
  413: 'The body is too long',
  415: 'The body is not JSON',
  422: 'What was asked for cannot be; or the Idempotency-Key was used for another call',
  429: 'Too many calls',
  500: 'A fault on our side',
  503: 'Something that is needed does not answer, or too much is under way',
};

const text = (description: string) => ({ description, schema: { type: 'string' as const } });
const retryAfter = { 'Retry-After': text('Seconds') };
const ofRefusal: Readonly<Record<string, object>> = {
  401: { 'WWW-Authenticate': text('RFC 6750') },
  429: retryAfter,
  503: retryAfter,
};
const entityTag = { ETag: text('The version, for If-Match') };
const replayed = { 'Idempotency-Replayed': text('`true`: this is the answer that the first call with this Idempotency-Key got') };

const header = (name: string, description: string, schema: object) => ({
  in: 'header' as const,
  name,
  required: false,
  description,
  schema,
});
const ifMatch = header('If-Match', 'Versions, as ETags, that this may be done to; any unless given', { type: 'string' });
const idempotency = header(
  'Idempotency-Key',
  'Makes a repeat safe: within 24 hours, the same key with the same body acts once and is answered alike',
  { type: 'string', maxLength: 255, pattern: idempotencyKey.source },
);

/** What the operations have in common: said here once, and not by each of them. */
export function describeCommon(document: Document): void {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = item?.[method];
      if (operation !== undefined) describeOperation(operation, path, method);
    }
  }
}

function describeOperation(operation: Operation, path: string, method: (typeof methods)[number]): void {
  const isTenants = path.startsWith('/o/{org}');
  const tag: unknown = Reflect.get(operation, entityTagMark);
  Reflect.deleteProperty(operation, entityTagMark);
  const statuses = [
    '400',
    '404',
    '429',
    '500',
    '503',
    ...(isTenants ? ['401', '403'] : []),
    ...(isTenants && method !== 'get' ? ['409', '413', '415', '422'] : []),
    ...(tag === 'matches' ? ['412'] : []),
  ];
  const responses: Record<string, Answer> = { ...operation.responses };
  for (const status of statuses) responses[status] ??= refusal(status);
  for (const [status, answer] of Object.entries(responses)) {
    if ('$ref' in answer) continue;
    answer.headers = {
      ...answer.headers,
      ...ofRefusal[status],
      ...(tag !== undefined && status.startsWith('2') ? entityTag : {}),
      ...(isTenants && method === 'post' && !status.startsWith('5') ? replayed : {}),
    };
  }
  operation.responses = responses;
  operation.parameters = [
    ...(operation.parameters ?? []),
    ...(tag === 'matches' ? [ifMatch] : []),
    ...(isTenants && method === 'post' ? [idempotency] : []),
  ];
}

const refusal = (status: string): Answer => ({
  description: refusals[status] ?? '',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
