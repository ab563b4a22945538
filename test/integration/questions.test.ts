import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../src/app/ports.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
const callers = new Map<string, Caller>();
const by = (name: string): Caller => {
  const caller = callers.get(name);
  if (caller === undefined) throw new Error(`nobody is called ${name}`);
  return caller;
};
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
};
beforeAll(async () => {
  world = await createWorld();
  for (const name of ['bob', 'carol', 'dave']) callers.set(name, await world.caller(name));
});
afterAll(() => world[Symbol.asyncDispose]());

let asked = 0;
async function ask(): Promise<PermissionRequest> {
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const { request } = must(
    await world.useCases.submitRequest(by('bob'), { right, reason: `${asked++}`, duration: undefined, to: undefined }),
  );
  await world.work.notify(request.id);
  return request;
}
const question = (name: string, { id }: PermissionRequest, text = 'Which ticket?') => world.useCases.questionRequest(by(name), id, text);
const answer = (name: string, { id }: PermissionRequest, number = 1, text = 'OPS-7') =>
  world.useCases.answerQuestion(by(name), id, { number, text });
const told = ({ id }: PermissionRequest) =>
  world.posted.filter(({ picture }) => picture.request.id === id).map(({ slot, round }) => (round === 0 ? slot : `${slot} ${round}`));

it('puts a question before both sides, and the answer below it, while the request goes on waiting', async () => {
  const request = await ask();
  expect(must(await question('carol', request))).toMatchObject({ state: { kind: 'pending' }, questions: [{ text: 'Which ticket?' }] });
  await world.work.notify(request.id);
  expect(told(request)).toEqual(['approval', 'request', 'question 1', 'inquiry 1']);
  expect(must(await answer('bob', request))).toMatchObject({
    questions: [{ answer: { text: 'OPS-7', by: { email: 'bob@example.com' } } }],
  });
  must(await question('carol', request, 'And until when?'));
  await world.work.notify(request.id);
  expect(told(request)).toEqual(['approval', 'request', 'question 1', 'inquiry 1', 'question 2', 'inquiry 2']);
  const { rows } = await world.pool.query(`select action, data from audit where request_id = $1 order by id`, [request.id]);
  expect(rows.map(({ action }) => action)).toEqual(['request.submitted', 'request.questioned', 'request.answered', 'request.questioned']);
  // A button that was drawn before still decides: nothing that is agreed to has changed.
  const digest = world.posted.find(({ picture }) => picture.request.id === request.id)?.picture.choice?.digest;
  expect(await world.useCases.decideRequest(by('carol'), request.id, { kind: 'approve', duration: undefined, digest })).toMatchObject({
    ok: true,
  });
});

it('is asked by whoever may decide, and answered by whoever waits, once', async () => {
  const request = await ask();
  expect(await question('bob', request)).toMatchObject({ ok: false, rejection: { code: 'own-request' } });
  expect(await question('dave', request)).toMatchObject({ ok: false, rejection: { code: 'not-approver' } });
  must(await question('carol', request));
  expect(await answer('carol', request)).toMatchObject({ ok: false, rejection: { code: 'not-yours' } });
  expect(await answer('bob', request, 2)).toMatchObject({ ok: false, rejection: { code: 'not-found' } });
  must(await answer('bob', request));
  expect(await answer('bob', request)).toMatchObject({ ok: false, rejection: { code: 'exists' } });
});

it.each([
  ['says nothing', ' \n ', 'invalid-value'],
  ['is too long', 'x'.repeat(1001), 'reason-too-long'],
])('refuses one that %s', async (_what, text, code) => {
  const request = await ask();
  expect(await question('carol', request, text)).toMatchObject({ ok: false, rejection: { code } });
});

it('is not asked of what is decided, nor more than ten times', async () => {
  const request = await ask();
  for (let each = 0; each < 10; each++) must(await question('carol', request, `${each}`));
  expect(await question('carol', request)).toMatchObject({ ok: false, rejection: { code: 'too-many', maximum: 10 } });
  must(await world.useCases.decideRequest(by('carol'), request.id, { kind: 'deny', reason: undefined }));
  expect(await question('carol', request)).toMatchObject({ ok: false, rejection: { code: 'already-decided' } });
  expect(await answer('bob', request)).toMatchObject({ ok: false, rejection: { code: 'already-decided' } });
});
