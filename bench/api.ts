import { z } from 'zod';
import { openBareApp } from './bare-app.ts';
import { type Engine, org } from './engine.ts';
import { median } from './figures.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { storeRules } from './policies.ts';
import { printLoad, watchTurns } from './turns.ts';
import { listen, makeKey, type Sent, serveApi, startCaller } from './server.ts';

const rules = 10_000;
const calls = 2_000;
const connections = 10;
const text = z.string().max(1000);

/**
 * A decision that is only asked for, over a socket, with many rules loaded; beside a bare Fastify that looks the same key
 * up in the same database by one statement a call, checks the same body, and answers.
 */
export async function measureApi(engine: Engine): Promise<void> {
  await storeRules(engine, rules);
  await using stack = new AsyncDisposableStack();
  const bare = await openBareApp(
    engine,
    {
      path: '/policy/simulate',
      body: z.object({ requestor: text, service: text, accessType: text, resource: text, policies: z.enum(['all', 'matching']) }),
      answer: async () => ({ outcome: 'ask' }),
    },
    stack,
  );
  const [ourOrigin, bareOrigin] = [await serveApi(engine, stack), await listen(bare, stack)];
  const send = startCaller(stack);
  const question = { requestor: 'bob@example.com', service: 'pg', accessType: 'role', resource: 'readonly', policies: 'matching' };
  const errand = {
    path: `/o/${org}/policy/simulate`,
    keys: [await makeKey(engine, 'alice')],
    bodies: [JSON.stringify(question)],
    connections,
    calls,
  };
  await measureLoad(engine);
  const references: Sent[] = [];
  const callBare = async (): Promise<number> => {
    const sent = await send({ ...errand, origin: bareOrigin });
    references.push(sent);
    return sent.ms;
  };
  const call = (): Promise<Sent> => send({ ...errand, origin: ourOrigin });
  await callBare();
  await call();
  const pairs = await measurePairs(callBare, call);
  const rate = (ms: readonly number[]): string => `${((calls / median(ms)) * 1000).toFixed(0)}/s`;
  const cpu = (sent: readonly Sent[]): string => `${median(sent.map((each) => each.cpuUs)).toFixed(0)} µs`;
  console.log(
    `  decisions asked for          ${rate(pairs.map((pair) => pair.ours.ms))}, bare Fastify ${rate(pairs.map((pair) => pair.reference))}`,
  );
  console.log(`  CPU of the server per call   ${cpu(pairs.map((pair) => pair.ours))}, bare Fastify ${cpu(references)}`);
  printRatio(
    "our rate ÷ Fastify's",
    pairs.map((pair) => pair.reference / pair.ours.ms),
    { atLeast: 0.7 },
  );
}

/** Reads all rules from the database as the first decision after a change does. */
async function measureLoad({ store, policies }: Engine): Promise<void> {
  const load = await watchTurns(() => policies(store, org));
  if (load.value.all.length <= rules) throw new Error(`only ${load.value.all.length} rules were read`);
  printLoad(`${rules} rules loaded`, load);
}
