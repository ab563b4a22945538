import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { App, LogLevel } from '@slack/bolt';
import { createLocalWorkspace } from '../src/sandbox/slack/local-workspace.ts';
import { policyText } from '../src/policy-text.ts';
import { createSlackApp } from '../src/slack/app.ts';
import { type Engine, org, quiet } from './engine.ts';
import { percentile } from './figures.ts';
import { storeRules } from './policies.ts';
import { brewStorm, drainStorm } from './storm.ts';
import { startWork } from './work.ts';

const rounds = 4;
const perSecond = 20;
const goalMs = 200;
const rules = 1_000;
const names = Array.from({ length: 60 }, (_, at) => `typist${at}`);
const commands = ['request pg role readonly --reason "look at orders"', 'status', 'ls pg role'];
const tokens = { botToken: 'xoxb-local-bench', appToken: 'xapp-local-bench', signingSecret: 'a-signing-secret-of-the-bench' };

/**
 * How long Slack waits for the acknowledgement of a slash command, over Socket Mode, with twenty of them a second arriving
 * while a thousand grants end; beside a bare Bolt app that does nothing but acknowledge, in the same storms. The workspaces,
 * the storm and both apps share this thread, so that the figures hold what that costs.
 */
export async function measureAck(engine: Engine): Promise<void> {
  await storeRules(engine, rules);
  using _workers = startWork(engine);
  await using stack = new AsyncDisposableStack();
  const bare = await openSlack(stack);
  await startBareApp(bare.apiUrl, stack);
  const ours = await openSlack(stack);
  await startOurApp(engine, ours.apiUrl, stack);
  const [bareMs, ourMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    // A number that no other part gives to its people.
    await typeInStorm(engine, 10_000 + round, [
      { slack: ours, times: ourMs },
      { slack: bare, times: bareMs },
    ]);
  }
  for (const { workspace } of [bare, ours]) {
    const bad = workspace.warnings.filter((line) => /^late|^\/access/.test(line));
    if (bad.length > 0) throw new Error(`${bad.length} commands were not acknowledged: ${bad[0]}`);
  }
  const row = (label: string, values: readonly number[]): string =>
    `  ${label.padEnd(29)}p50 ${percentile(values, 50).toFixed(1)} ms, p99 ${percentile(values, 99).toFixed(1)} ms, worst ${Math.max(...values).toFixed(1)} ms (${values.length})`;
  console.log(row('ours', ourMs));
  console.log(row('bare Bolt, same storms', bareMs));
  const p99 = percentile(ourMs, 99);
  console.log(`  ${"our p99 ÷ the bare app's".padEnd(29)}${(p99 / percentile(bareMs, 99)).toFixed(2)}`);
  console.log(`  ${'command to ack, p99'.padEnd(29)}${p99.toFixed(1)} ms   goal < ${goalMs} ms → ${p99 < goalMs ? 'met' : 'MISSED'}`);
}

export type Slack = Awaited<ReturnType<typeof openSlack>>;
type Typed = { readonly slack: Slack; readonly times: number[] };

/** Twenty commands a second to each app in turn, from a second before the grants end until all are gone. `times`: ms from sending to ack. */
async function typeInStorm(engine: Engine, pair: number, apps: readonly Typed[]): Promise<void> {
  const second = await brewStorm(engine, pair);
  await sleep(Math.max(0, (second - 1) * 1000 - Date.now()));
  let isOver = false;
  const storm = drainStorm(engine, second).finally(() => {
    isOver = true;
  });
  const typing: Promise<void>[] = [];
  for (let turn = 0; !isOver; turn++) {
    for (const { slack, times } of apps) {
      typing.push(typeOne(slack.workspace, turn, times));
      await sleep(1000 / perSecond / apps.length);
    }
  }
  await Promise.all([storm, ...typing]);
}

export async function typeOne(workspace: Slack['workspace'], turn: number, times: number[]): Promise<void> {
  const started = performance.now();
  await workspace.as(names[turn % names.length] ?? '').command(`/access ${commands[turn % commands.length]}`);
  times.push(performance.now() - started);
}

export async function openSlack(stack: AsyncDisposableStack) {
  const server = createServer((request, response) => {
    if (!local.handle(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!local.upgrade(request, socket, head)) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  const local = createLocalWorkspace({
    baseUrl: () => url,
    ...tokens,
    manifest: { commands: [{ command: '/access', description: 'Request or review access', usage_hint: 'status' }], shortcuts: [] },
    people: names.map((name, at) => ({ id: `U0TYPIST${String(at).padStart(2, '0')}`, name })),
  });
  stack.defer(async () => {
    await local[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { workspace: local.workspace, apiUrl: `${url}/sandbox/slack/api/` };
}

async function startBareApp(slackApiUrl: string, stack: AsyncDisposableStack): Promise<void> {
  const app = new App({
    token: tokens.botToken,
    appToken: tokens.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl, allowAbsoluteUrls: false },
    logLevel: LogLevel.ERROR,
  });
  app.command('/access', async ({ ack }) => ack());
  await app.start();
  stack.defer(async () => void (await app.stop()));
}

export async function startOurApp({ useCases }: Pick<Engine, 'useCases'>, apiUrl: string, stack: AsyncDisposableStack): Promise<void> {
  const refusals = { count: () => undefined, write: async () => undefined };
  const app = stack.use(
    await createSlackApp(
      { mode: 'socket', botToken: async () => tokens.botToken, appToken: tokens.appToken, apiUrl },
      {
        useCases,
        org,
        log: quiet,
        command: '/access',
        approvalsChannel: 'approvals',
        refusals,
        policyText,
        linkByEmail: true,
        openSignIn: undefined,
      },
    ),
  );
  await app.start();
}
