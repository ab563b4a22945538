import { actionIds } from '../blocks/wire.ts';
import { eventsPath } from '../src/slack/http-entrance.ts';
import { letApprove, openRequests, settleAll } from './approve-requests.ts';
import { serveBare, serveOurs, signingSecret, startClicker } from './approve-servers.ts';
import type { Click } from './clicks.ts';
import type { Engine } from './engine.ts';
import { median, percentile } from './figures.ts';
import { measurePairs, printRatio } from './pairs.ts';
import { storeRules } from './policies.ts';
import { type SlackStub, startSlackStub } from './slack-stub.ts';

const rules = 10_000;
const perSecond = 300;
/** Of a second of clicks each; the one that came in the middle counts. */
const bareBursts = 3;
const clickers = 60;
/** Whoever clicks for the first time has to be looked up in Slack; of the clicks of a second so many are such. */
const newcomers = 10;
const longestMs = 50;

type Acks = { readonly p50: number; readonly p99: number };
type Decided = Acks & { readonly refused: number; readonly decidedMs: number };

/**
 * Clicks on Approve as Slack sends them, each for a request of its own, open loop; beside a bare Bolt that does nothing but
 * acknowledge. Every answer of Slack's Web API takes longer than an acknowledgement may, and none may be asked for before it.
 */
export async function measureApprove(engine: Engine): Promise<void> {
  await storeRules(engine, rules);
  await using stack = new AsyncDisposableStack();
  const slack = await startSlackStub(stack);
  const [ours, bare] = [await serveOurs(engine, slack, stack), await serveBare(slack, stack)];
  const send = startClicker(stack);
  let burst = 0;
  const press = async (origin: string, values: readonly string[]): Promise<readonly number[]> => {
    burst++;
    const clicks = values.map((value, at) => clickOf(value, `${burst}-${at}`, userAt(burst, at), slack));
    const { ms, unexpected } = await send({ origin, path: eventsPath, signingSecret, clicks, perSecond });
    if (unexpected !== undefined) throw new Error(`unexpected answer: ${unexpected}`);
    return ms;
  };
  const nothing = Array.from({ length: perSecond }, () => 'nothing');
  const pressBare = async (): Promise<Acks> => {
    const each: Acks[] = [];
    for (let turn = 0; turn < bareBursts; turn++) each.push(acksOf(await press(bare, nothing)));
    return { p50: median(each.map(({ p50 }) => p50)), p99: median(each.map(({ p99 }) => p99)) };
  };
  const pressOurs = async (): Promise<Decided> => {
    const values = await openRequests(engine, burst, perSecond);
    await letApprove(
      engine,
      values.map((_, at) => userAt(burst + 1, at)),
    );
    const [told, started] = [slack.told(), performance.now()];
    const acks = acksOf(await press(ours, values));
    // What the machine cannot do as fast as it comes is done before the next clicks.
    const refused = await settleAll(engine, () => slack.told() - told);
    return { ...acks, refused, decidedMs: performance.now() - started };
  };
  await pressBare();
  await pressOurs();
  const references: Acks[] = [];
  const reference = async (): Promise<number> => {
    const acks = await pressBare();
    references.push(acks);
    return acks.p99;
  };
  const measured: Decided[] = [];
  const pairs = await measurePairs(reference, async () => {
    const decided = await pressOurs();
    measured.push(decided);
    return decided.p99;
  });
  assertAckedFirst(slack);
  const refused = measured.reduce((sum, each) => sum + each.refused, 0);
  const row = (label: string, text: string): void => console.log(`  ${label.padEnd(29)}${text}`);
  row('bare Bolt', `${figuresOf(references)} (${perSecond}/s)`);
  row('Approve acknowledged', `${figuresOf(measured)} (all ${measured.length} times)`);
  row('all of a second decided', `${median(measured.map(({ decidedMs }) => decidedMs)).toFixed(0)} ms after the first click`);
  row('not approved', `${refused} of ${measured.length * perSecond}, who were told why`);
  row('asked of Slack before an ack', `0 of ${slack.calls()} calls   goal 0 → met`);
  printRatio(
    "our p99 ÷ bare Bolt's",
    pairs.map((pair) => pair.ours / pair.reference),
    { atMost: 2 },
  );
  const p99 = median(measured.map((each) => each.p99));
  row('click to ack, p99', `${p99.toFixed(1)} ms   goal ≤ ${longestMs} ms → ${p99 <= longestMs ? 'met' : 'MISSED'}`);
}

const acksOf = (ms: readonly number[]): Acks => ({ p50: median(ms), p99: percentile(ms, 99) });

const figuresOf = (of: readonly Acks[]): string =>
  `p50 ${median(of.map(({ p50 }) => p50)).toFixed(1)} ms, p99 ${median(of.map(({ p99 }) => p99)).toFixed(1)} ms`;

/** Slack was asked, or nothing was seen; and nobody was waited for. */
function assertAckedFirst(slack: SlackStub): void {
  if (slack.calls() === 0) throw new Error('Slack was asked nothing: this would have seen no early call');
  const early = slack.early();
  if (early.length > 0) throw new Error(`${early.length} calls to Slack before the ack, the first to ${early[0]}`);
}

/** Newcomers are spread over the burst, and never come again. */
const userAt = (burst: number, at: number): string =>
  at % (perSecond / newcomers) === 0 ? `UNEW${burst}X${at}` : `UCLICKER${at % clickers}`;

/** About as long as Slack's, which sends the message along. */
const message = {
  type: 'message',
  ts: '1.1',
  text: 'x'.repeat(200),
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(2_600) } }],
};

export function clickOf(value: string, id: string, user: string, { apiUrl }: Pick<SlackStub, 'apiUrl'>): Click {
  const payload = JSON.stringify({
    type: 'block_actions',
    team: { id: 'TBENCH', domain: 'bench' },
    user: { id: user, username: 'alice', team_id: 'TBENCH' },
    api_app_id: 'ABENCH',
    trigger_id: id,
    channel: { id: 'CBENCH', name: 'approvals' },
    message,
    state: { values: {} },
    response_url: `${apiUrl}response/${id}`,
    actions: [{ type: 'button', block_id: 'decision', action_id: actionIds.approve, value, action_ts: '1.1' }],
  });
  return { id, user, payload };
}
