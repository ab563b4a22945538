import { decodeDecision } from '../blocks/wire.ts';
import { eventsPath } from '../src/slack/http-entrance.ts';
import { clickOf } from './approve.ts';
import { letApprove, openRequests, settleAll, whenAllGiven } from './approve-requests.ts';
import { serveOurs, signingSecret, startClicker } from './approve-servers.ts';
import { serveBareProvision } from './bare-provision.ts';
import { startEngine } from './engine.ts';
import { median, percentile } from './figures.ts';
import { noOpTarget } from './no-op-target.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { startSlackStub } from './slack-stub.ts';
import { startAllWork } from './work.ts';

const perSecond = 100;
const clicks = 5 * perSecond;
const clickers = 60;
const longestMs = 100;

type Given = { readonly p50: number; readonly p99: number };

/**
 * P6: from a click on Approve until access is given, a hundred a second, of a target that does nothing; beside a bare server that
 * approves and gives by a statement each. Both write down when by the same clock. All in one process, as `npm start` has it.
 */
export async function measureProvision(redisUrl: string | undefined): Promise<void> {
  await using engine = await startEngine(redisUrl, noOpTarget);
  await using stack = new AsyncDisposableStack();
  const slack = await startSlackStub(stack);
  const ours = await serveOurs(engine, slack, stack);
  const bare = await serveBareProvision(engine.url, stack);
  startAllWork(engine, stack);
  const users = Array.from({ length: clickers }, (_, at) => `UGIVER${at}`);
  await letApprove(engine, users);
  const click = startClicker(stack);
  let burst = 0;
  const press = async (origin: string, values: readonly string[], given: () => Promise<readonly number[]>): Promise<Given> => {
    burst++;
    const sent = values.map((value, at) => clickOf(value, `${burst}-${at}`, users[at % clickers] ?? '', slack));
    const { startedMs, unexpected } = await click({ origin, path: eventsPath, signingSecret, clicks: sent, perSecond });
    if (unexpected !== undefined) throw new Error(`unexpected answer: ${unexpected}`);
    const late = (await given()).map((atMs, at) => atMs - startedMs - (at * 1000) / perSecond);
    return { p50: percentile(late, 50), p99: percentile(late, 99) };
  };
  const pressOurs = async (): Promise<Given> => {
    const values = await openRequests(engine, burst, clicks);
    const told = slack.told();
    return press(ours, values, async () => {
      const refused = await settleAll(engine, () => slack.told() - told);
      if (refused > 0) throw new Error(`${refused} clicks were not approved`);
      const ids = values.flatMap((value) => decodeDecision(value)?.id ?? []);
      return whenAllGiven(engine.pool, 'select request_id as id, granted_at as at from grants', ids);
    });
  };
  const bares: Given[] = [];
  const pressBare = async (): Promise<number> => {
    const ids = await bare.open(clicks);
    const given = await press(bare.origin, ids, () => bare.given(ids));
    bares.push(given);
    return given.p50;
  };
  // Whoever clicks for the first time has to be looked up in Slack.
  await pressOurs();
  await pressBare();
  bares.length = 0;
  // As autovacuum does wherever this goes on for a minute: the planner knows how much there is.
  await engine.pool.query('vacuum analyze');
  const all: Given[] = [];
  const pairs = await measurePairs(pressBare, async () => {
    const given = await pressOurs();
    all.push(given);
    return given;
  });
  const row = (label: string, given: readonly Given[]): void =>
    console.log(
      `  ${label.padEnd(29)}p50 ${median(given.map(({ p50 }) => p50)).toFixed(1)} ms, p99 ${median(given.map(({ p99 }) => p99)).toFixed(1)} ms (${perSecond}/s, all ${given.length} times)`,
    );
  row('two bare statements', bares);
  row('given, ours', all);
  printRatio(
    "our p50 ÷ the bare path's",
    pairs.map(({ reference, ours: { p50 } }) => p50 / reference),
    { atMost: 2 },
  );
  const p99 = median(all.map((given) => given.p99));
  printRatio("our p99 ÷ the bare path's", [p99 / median(bares.map((given) => given.p99))], { atMost: 3 });
  console.log(
    `  ${'click to access, p99'.padEnd(29)}${p99.toFixed(1)} ms   goal ≤ ${longestMs} ms → ${p99 <= longestMs ? 'met' : 'MISSED'}`,
  );
}
