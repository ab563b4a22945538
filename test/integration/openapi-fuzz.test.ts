import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { must } from '../support/http-app.ts';
import { type ApiDocument, type Operation, readDocument } from '../support/openapi-document.ts';
import { createExam, type Exam } from '../support/openapi-exam.ts';
import { Chosen } from '../support/openapi-pools.ts';
import { type Plan, plansFor } from '../support/openapi-requests.ts';
import { wordsOf } from '../support/openapi-words.ts';
import { createFuzzWorld, type FuzzWorld } from '../support/openapi-world.ts';

const runs = process.env['FUZZ_RUNS'] !== undefined ? Number(process.env['FUZZ_RUNS']) : process.env['CI'] ? 20_000 : 1_500;
const seed = process.env['FUZZ_SEED'] === undefined ? randomInt(2 ** 31) : Number(process.env['FUZZ_SEED']);
/** Often enough that what one request breaks does not keep the others from succeeding. */
const tendEvery = 300;
/** With how many plans everybody tries an operation that has not succeeded, or not refused. */
const tries = 500;

let world: FuzzWorld;
let api: ApiDocument;
let exam: Exam;
let operations: readonly Operation[];
beforeAll(async () => {
  world = await createFuzzWorld();
  api = readDocument(world.ours.app);
  operations = api.operations.filter((each) => !each.isStream);
  exam = await createExam(world, api);
  await exam.learnTheirs();
  await exam.tend();
});
afterAll(async () => {
  await exam.close();
  await world[Symbol.asyncDispose]();
});

const words = wordsOf('example.com', 'for the fuzz');
const makings = [false, true].map((isTame) => ({ words, isTame, made: new Map() }));
const making = (isTame: boolean) => ({ ...must(makings[Number(isTame)]), document: api.document });
const bearerOf = (plan: Plan) => {
  const from = plan.token % 3 === 0 ? exam.bearers : plan.token % 3 === 1 ? exam.people : exam.people.slice(0, 2);
  return must(from[Math.floor(plan.token / 3) % from.length]);
};

describe('every request that the OpenAPI document allows, and those it does not', () => {
  it(`is answered as the document says, and changes nothing where it is refused (FUZZ_SEED=${seed})`, { timeout: 600_000 }, async () => {
    const plans = operations.map((each) =>
      fc.oneof({ weight: 2, arbitrary: plansFor(making(true), each) }, { weight: 3, arbitrary: plansFor(making(false), each) }),
    );
    let done = 0;
    const run = async (plan: Plan) => {
      if (++done % tendEvery === 0) await exam.tend();
      await exam.ask(plan, bearerOf(plan));
    };
    await fc.assert(fc.asyncProperty(fc.oneof(...plans), run), { numRuns: runs, seed, endOnFailure: true });
    await reachEverything();
    expect([...exam.findings.values()], `repeat it with FUZZ_SEED=${seed}`).toEqual([]);
    expect(world.logged).toEqual([]);
    expect(unreached(2), 'operations that never succeeded').toEqual([]);
    expect(unreached(4), 'operations that never refused').toEqual([]);
  });
});

describe('answers that do not end by themselves', () => {
  const requests = '/o/{org}/permission-requests';
  const call = (url: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) =>
    fetch(`http://127.0.0.1:${exam.port}${url}`, { ...init, headers: { authorization: must(exam.people[0]?.header), ...init.headers } });

  it('are there, begin at once as the document says, and refuse like all others', { timeout: 60_000 }, async () => {
    await exam.tend();
    const id = must(exam.known.ours.pick(new Chosen(`${requests}|id`, 0)));
    const streams = api.operations.filter((each) => each.isStream);
    expect(streams.map(({ operationId }) => operationId)).toContain('pollCommand');
    for (const stream of streams) {
      const url = (value: string) => stream.path.replace('{org}', world.ours.org).replace('{id}', value);
      const over = new AbortController();
      const open = await call(url(id), { signal: over.signal });
      const type = must(open.headers.get('content-type')?.split(';', 1)[0]);
      expect([open.status, Object.keys(stream.responses['200']?.content ?? {})]).toEqual([200, expect.arrayContaining([type])]);
      expect(
        (
          await must(open.body ?? undefined)
            .getReader()
            .read()
        ).value?.length,
      ).toBeGreaterThan(0);
      over.abort();
      const refusals = [await call(url(id), { headers: { authorization: 'Bearer made-up' } })];
      if (stream.path.includes('{id}')) refusals.push(await call(url('01938a00-0000-7000-8000-000000000001')));
      for (const refusal of refusals)
        expect(exam.check.answer(stream, await readAnswer(refusal), stream.method), `${refusal.status} of ${stream.operationId}`).toEqual(
          [],
        );
      expect(refusals.map(({ status }) => status)).toEqual([401, 404].slice(0, refusals.length));
    }
  });

  it('end as the document says, once somebody has decided', { timeout: 60_000 }, async () => {
    const waiting = operations.filter((each) => JSON.stringify(each.bodySchema ?? null).includes('"wait"'));
    const waits = waiting.map(async (operation, index) => {
      const argv = ['request', 'pg', 'role', 'readonly', '--reason', `waited for ${index}`];
      const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
      const answered = call(operation.path.replace('{org}', world.ours.org), {
        ...init,
        body: JSON.stringify({ argv, scriptName: 'p0', wait: true }),
      });
      const path = requests.replace('{org}', world.ours.org);
      const asked = await vi.waitUntil(async () => {
        const { items } = z
          .object({ items: z.array(z.looseObject({ id: z.string() })) })
          .parse(await (await call(`${path}?status=NEW`)).json());
        return items.find((each) => each['reason'] === `waited for ${index}`);
      }, 10_000);
      expect((await call(`${path}/${asked.id}/cancel`, { method: 'POST' })).status).toBe(200);
      expect(exam.check.answer(operation, await readAnswer(await answered), 'POST')).toEqual([]);
    });
    await Promise.all(waits);
  });
});

const readAnswer = async (response: Response) => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: await response.text(),
});

const unreached = (hundreds: number): string[] =>
  operations
    // What takes nothing, not even a token, has nothing to refuse.
    .filter((each) => hundreds !== 4 || each.needsToken || each.parameters.length > 0)
    .filter((each) => !exam.reached.get(each.operationId)?.has(hundreds))
    .map((each) => each.operationId);

/** Chance may not have put the right person to the right request; then they are all tried in turn. */
async function reachEverything(): Promise<void> {
  for (const [hundreds, isTame, bearers] of [
    [2, true, exam.people],
    [4, false, exam.bearers],
  ] as const) {
    for (const id of unreached(hundreds)) {
      const operation = must(operations.find((each) => each.operationId === id));
      await exam.tend();
      // Everybody tries each plan: a plan that only one person may carry out is not left to the order of both.
      for (const plan of fc.sample(plansFor(making(isTame), operation), { numRuns: tries, seed })) {
        for (const bearer of bearers) {
          if (exam.reached.get(id)?.has(hundreds)) break;
          await exam.ask(plan, bearer);
        }
      }
    }
  }
}
