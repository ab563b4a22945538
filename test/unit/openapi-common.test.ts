import { beforeAll, expect, it } from 'vitest';
import { secretAnswers } from '../../src/http/idempotency.ts';
import { openApiText } from '../../src/http/openapi-text.ts';

type Schema = { $ref?: string; properties?: object; anyOf?: Schema[] };
type Described = {
  operationId: string;
  parameters: { in: string; name: string; required?: boolean }[];
  responses: Record<string, { headers?: object; content?: Record<string, { schema: Schema }> }>;
};
type Document = {
  paths: Record<string, { post?: Described; get?: Described; put?: Described }>;
  components: { schemas: Record<string, Schema> };
};

let document: Document;
beforeAll(async () => {
  document = JSON.parse(await openApiText());
});
const tenant = () => Object.entries(document.paths).flatMap(([path, item]) => (path.startsWith('/o/') ? [item] : []));
const posts = () => tenant().flatMap(({ post }) => (post === undefined ? [] : [post]));
const header = expect.objectContaining({ in: 'header', name: 'Idempotency-Key', required: false });

it('every POST takes the header, and says what it may answer; nothing else takes it', () => {
  expect(posts().length).toBeGreaterThan(10);
  for (const { operationId, parameters, responses } of posts()) {
    expect(parameters, operationId).toContainEqual(header);
    for (const status of ['409', '422']) expect(responses[status]?.content, operationId).toHaveProperty(['application/problem+json']);
  }
  for (const other of tenant().flatMap(({ get, put }) => [get ?? [], put ?? []].flat()))
    expect(other.parameters, other.operationId).not.toContainEqual(header);
});

it('no POST answers with a secret and is not known to', () => {
  const membersOf = (schema: Schema): string[] => [
    ...Object.keys(schema.properties ?? {}),
    ...(schema.$ref === undefined ? [] : membersOf(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})),
    ...(schema.anyOf ?? []).flatMap(membersOf),
  ];
  const secret = posts().filter(({ responses }) =>
    Object.entries(responses)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([, { content }]) => Object.values(content ?? {}))
      .some(({ schema }) => membersOf(schema).some((name) => /(^key|secret|password|token)$/i.test(name))),
  );
  expect(secret.map((each) => each.operationId).sort()).toEqual([...secretAnswers].sort());
});

it('every operation says what may go wrong, by status', () => {
  for (const { get, put, post } of Object.values(document.paths))
    for (const { operationId, responses } of [get ?? [], put ?? [], post ?? []].flat()) {
      expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['400', '404', '429', '500', '503']));
      expect(Object.keys(responses).join(), operationId).not.toMatch(/XX/i);
      expect(responses['429']?.headers, operationId).toHaveProperty('Retry-After');
    }
});

it('says which versions can be read and sent back', () => {
  const policy = document.paths['/o/{org}/policy/name/{name}'];
  const match = expect.objectContaining({ in: 'header', name: 'If-Match', required: false });
  expect(policy?.put?.parameters).toContainEqual(match);
  expect(policy?.put?.responses).toHaveProperty('412');
  expect(policy?.get?.parameters).not.toContainEqual(match);
  for (const { responses } of [policy?.get ?? [], policy?.put ?? []].flat()) expect(responses['200']?.headers).toHaveProperty('ETag');
});
