/** What a scene is made of: who has their turn, and the steps by which they come to a call of Slack's. */
import { expect } from 'vitest';
import { parseRequestId, type RequestId } from '../../src/domain/ids.ts';
import type { Execution } from '../../src/sandbox/slack/steps.ts';
import type { View } from '../../src/sandbox/slack/state.ts';
import { callerOf, expectAgreement } from './agreement.ts';
import { must } from './http-app.ts';
import { buttonsOf, windowWith } from './journey.ts';
import { posted } from './posted.ts';
import type { RunningCurfew } from './running-curfew.ts';

/** Whoever asks: another person each time, because it is kept where somebody's direct messages are. Carol decides. */
export const askers = { bob: 'U0BOB0001', erin: 'U0ERIN001', frank: 'U0FRANK01', grace: 'U0GRACE01', heidi: 'U0HEIDI01' } as const;
export type Asker = keyof typeof askers;
export const moreAskers = Object.entries(askers)
  .filter(([name]) => name !== 'bob')
  .map(([name, id]) => ({ id, name }));

export type Turn = {
  readonly product: RunningCurfew;
  readonly who: Asker;
  readonly reason: string;
  /** From here on the method meets the fault. */
  readonly meet: () => void;
};

export const patient = { timeout: 40_000, interval: 100 };
const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
export const caller = (product: RunningCurfew, who: Asker) => callerOf(product, who, askers[who]);
export const decider = (product: RunningCurfew) => callerOf(product, 'carol', 'U0CAROL01');

/** Without a command: nothing but the messages goes to Slack. */
export async function submit({ product, who, reason }: Turn): Promise<RequestId> {
  const draft = { right, reason, duration: undefined, to: undefined };
  const submitted = await product.curfew.useCases.submitRequest(await caller(product, who), draft);
  if (!submitted.ok) throw new Error(submitted.rejection.code);
  return submitted.value.request.id;
}

export async function idOf({ product, reason }: Turn): Promise<RequestId> {
  const { rows } = await product.curfew.pool.query<{ id: string }>('select id from requests where reason like $1', [`%${reason}`]);
  return must(parseRequestId(must(rows[0]).id));
}

export const about = (turn: Turn, id: RequestId) => posted(turn.product).filter(({ request }) => request === id);
const slots = async (turn: Turn) => {
  const id = await idOf(turn);
  return about(turn, id)
    .map(({ posting }) => posting.replace(/[^a-z].*/, ''))
    .toSorted();
};
export const standsOnce = async (turn: Turn, expected = ['approval', 'request']) =>
  expect.poll(() => slots(turn), patient).toEqual(expected);

export async function asked(turn: Turn): Promise<RequestId> {
  const id = await submit(turn);
  await standsOnce(turn);
  await expectAgreement(turn.product);
  return id;
}

export const submitMet = async (turn: Turn): Promise<void> => {
  turn.meet();
  await submit(turn);
};

export const handsOf = ({ product, who }: Turn) => product.workspace.as(who);
export const isForm = (view: View): boolean => view.source['callback_id'] === 'request_form';
export async function closeAll(turn: Turn, hands = handsOf(turn)): Promise<void> {
  for (let view = hands.views().at(-1); view !== undefined; view = hands.views().at(-1)) await hands.close(view);
}
export async function openForm(turn: Turn): Promise<void> {
  await closeAll(turn);
  await handsOf(turn).command('/access');
  await turn.product.workspace.until(() => handsOf(turn).views().some(isForm), 15_000);
}
export const typeMet = async (turn: Turn, text: string): Promise<void> => {
  turn.meet();
  await handsOf(turn).command(text);
};

const runs = new Map<string, Execution>();
const step = 'request_access_step';
export async function runStep({ product: { workspace }, who, reason }: Turn, resource = 'pg role readonly'): Promise<void> {
  runs.set(reason, await workspace.runStep(step, { requester: askers[who], resource, reason }));
}
export const runOf = ({ reason }: Turn): Execution => must(runs.get(reason));

export const openPolicies = async ({ product: { workspace } }: Turn): Promise<View> => {
  const alice = workspace.as('alice');
  await alice.openHome();
  await alice.press(await workspace.until(() => alice.home(), 10_000), 'open_policies');
  return windowWith(workspace, alice, 'Try a request');
};
export const pressNew = async (turn: Turn): Promise<void> => {
  const alice = turn.product.workspace.as('alice');
  await alice.press(must(alice.views().find((view) => buttonsOf(view).includes('new_policy'))), 'new_policy');
};
