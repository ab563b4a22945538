import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpApp, key } from '../support/http-app.ts';

let app: FastifyInstance;
beforeAll(async () => {
  ({ app } = await httpApp());
});
afterAll(() => app.close());

const authorization = `Bearer ${key}`;
const post = (payload: string) =>
  app.inject({ method: 'POST', url: '/o/demo/command', headers: { authorization, 'content-type': 'application/json' }, payload });

describe('a body that can be read in two ways is refused, and the member named', () => {
  test.each([
    ['twice at the top', '{"argv":["ls"],"scriptName":"p0","argv":["help"]}', '#/argv', '"argv"'],
    ['once written with an escape', '{"argv":["ls"],"scriptName":"p0","arg\\u0076":["help"]}', '#/argv', '"argv"'],
    ['deep inside', '{"argv":[{"b":1},{"a/b":1,"c":[1,2],"a/b":2}]}', '#/argv/1/a~1b', '"a/b"'],
    ['a prototype', '{"argv":["ls"],"scriptName":"p0","x":{"__proto__":{}}}', '#/x/__proto__', '"__proto__"'],
  ])('%s', async (_, body, pointer, named) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: 'urn:curfew:problem:invalid-body',
      detail: expect.stringContaining(named),
      errors: [{ pointer }],
    });
  });

  test('the same name in two objects, or as a value, is no repetition', async () => {
    const answer = await post('{"argv":5,"x":[{"a":"a"},{"a":"a"},"a","a"],"a":"x","y":{"x":"argv"}}');
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '#/argv' }, { pointer: '#/scriptName' }] });
  });

  test.each(['{"a', '{"\\x":1}', '{"a":1,', '[}', '"', '{]"a"'])('what is not JSON is a malformed body: %s', async (body) => {
    const answer = await post(body);
    expect(answer.json()).toMatchObject({ type: 'urn:curfew:problem:malformed-body', status: 400 });
  });
});

test('a parameter of the query is named', async () => {
  const answer = await app.inject({ url: '/o/demo/pre-approvals?limit=0', headers: { authorization } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({
    type: 'urn:curfew:problem:invalid-query',
    detail: expect.stringMatching(/^query\/limit: /),
    errors: [{ pointer: 'query/limit' }],
  });
});

describe('a known address with the wrong method', () => {
  test.each([
    ['PUT', '/o/demo/command', 'POST'],
    ['DELETE', '/o/demo//command/?x=1', 'POST'],
    ['POST', '/livez', 'GET, HEAD'],
  ] as const)('%s %s is 405 with Allow', async (method, url, allow) => {
    const answer = await app.inject({ method, url, headers: { authorization } });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.json()).toMatchObject({ type: 'urn:curfew:problem:method-not-allowed' });
  });

  test('says nothing to who has no key', async () => {
    const answers = await Promise.all(['/o/demo/command', '/o/demo/nothing'].map((url) => app.inject({ method: 'PUT', url })));
    expect(answers.map((answer) => [answer.statusCode, answer.headers.allow])).toEqual([
      [401, undefined],
      [401, undefined],
    ]);
  });

  test('says nothing of another organisation', async () => {
    const answer = await app.inject({ method: 'PUT', url: '/o/other/command', headers: { authorization } });
    expect([answer.statusCode, answer.headers.allow]).toEqual([404, undefined]);
  });

  test('an unknown address stays unknown', async () => {
    const answer = await app.inject({ method: 'PUT', url: '/o/demo/nothing', headers: { authorization } });
    expect(answer.statusCode).toBe(404);
  });
});

describe('the reference', () => {
  test('the document needs no key and does not describe itself', async () => {
    const answer = await app.inject('/openapi.json');
    expect(answer.statusCode).toBe(200);
    const paths = Object.keys(answer.json().paths);
    expect(paths).toContain('/o/{org}/command');
    expect(paths.filter((path) => /docs|openapi/.test(path))).toEqual([]);
  });

  test('the page may load from here only, and everything else keeps the strict policy', async () => {
    const page = await app.inject('/docs/api');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    const document = await app.inject('/openapi.json');
    expect(document.headers['content-security-policy']).not.toContain('script-src');
  });
});
