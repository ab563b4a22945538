/** How the product comes to call each method of Slack's, and what it is good for. */
import { expect } from 'vitest';
import { actionIds } from '../../blocks/wire.ts';
import { callerOf, expectAgreement } from './agreement.ts';
import {
  about,
  asked,
  askers,
  caller,
  closeAll,
  decider,
  handsOf,
  idOf,
  isForm,
  openForm,
  openPolicies,
  patient,
  pressNew,
  runOf,
  runStep,
  standsOnce,
  submit,
  submitMet,
  type Turn,
  typeMet,
} from './fault-turns.ts';
import { must } from './http-app.ts';
import { buttonsOf, textOf, told } from './journey.ts';
import type { RunningCurfew, startCurfew } from './running-curfew.ts';

export type Scene = {
  readonly method: string;
  readonly what: string;
  readonly start?: Omit<Parameters<typeof startCurfew>[0], 'transport'>;
  readonly prepare?: (product: RunningCurfew) => Promise<unknown>;
  /** Comes to the call. */
  readonly act: (turn: Turn) => Promise<unknown>;
  /** What is there in the end; where a window or an answer failed, it is asked for again, as the person would. */
  readonly effect: (turn: Turn) => Promise<unknown>;
  /** One fault is enough: either it is not called again, or not soon. */
  readonly isOnce?: boolean;
};

const organisation = { id: 'E0LOCAL01', isOrgWide: true, teams: [] };

export const scenes: readonly Scene[] = [
  { method: 'chat.postMessage', what: 'of a request', act: submitMet, effect: standsOnce },
  {
    method: 'chat.update',
    what: 'of a request that is taken back',
    async act(turn) {
      const id = await asked(turn);
      turn.meet();
      const cancelled = turn.product.curfew.useCases.cancelRequest(await caller(turn.product, turn.who), id);
      expect(await cancelled).toMatchObject({ ok: true });
    },
    async effect(turn) {
      const id = await idOf(turn);
      await expect.poll(() => about(turn, id).flatMap(({ message }) => buttonsOf(message)), patient).toEqual([]);
      await standsOnce(turn);
    },
  },
  { method: 'conversations.open', what: 'with the requestor', act: submitMet, effect: standsOnce },
  { method: 'conversations.list', what: 'for the approvals channel', act: submitMet, effect: standsOnce },
  {
    method: 'conversations.info',
    what: 'of a channel that is configured by its id',
    start: { approvals: 'C0APPROVAL' },
    act: submitMet,
    effect: standsOnce,
  },
  {
    method: 'auth.teams.list',
    what: 'for the approvals channel of an organisation',
    start: { slack: { enterprise: organisation } },
    async prepare({ workspace }) {
      for (const who of [...Object.keys(askers), 'carol', 'dave']) await workspace.changePerson(who, { enterpriseId: organisation.id });
    },
    act: submitMet,
    effect: standsOnce,
  },
  {
    method: 'conversations.history',
    what: 'for messages whose posting was not heard of',
    async act(turn) {
      for (let each = 0; each < 2; each++) turn.product.workspace.faults.next('chat.postMessage', { lostReply: true });
      await submitMet(turn);
    },
    effect: standsOnce,
  },
  {
    method: 'conversations.replies',
    what: 'for messages below another whose posting was not heard of',
    async act(turn) {
      const id = await asked(turn);
      for (let each = 0; each < 2; each++) turn.product.workspace.faults.next('chat.postMessage', { lostReply: true });
      turn.meet();
      const questioned = turn.product.curfew.useCases.questionRequest(await decider(turn.product), id, 'Which ticket?');
      expect(await questioned).toMatchObject({ ok: true });
    },
    effect: (turn) => standsOnce(turn, ['approval', 'inquiry', 'question', 'request']),
  },
  {
    method: 'users.lookupByEmail',
    what: 'for somebody whose account is linked to nobody',
    async act(turn) {
      turn.meet();
      await runStep(turn);
    },
    effect: standsOnce,
  },
  { method: 'users.info', what: 'of whom is written to', act: submitMet, effect: standsOnce },
  {
    method: 'users.info',
    what: 'of whoever types a command',
    async act(turn) {
      const answers = handsOf(turn).ephemerals().length;
      await typeMet(turn, '/access status');
      await turn.product.workspace.until(() => handsOf(turn).ephemerals().length > answers, 15_000);
    },
    async effect(turn) {
      await handsOf(turn).command('/access status');
      await told(turn.product.workspace, handsOf(turn), 'no requests');
    },
  },
  {
    method: 'chat.getPermalink',
    what: 'for copies of an approval message',
    async prepare(product) {
      await product.curfew.useCases.policies.create(await callerOf(product, 'alice', 'U0ALICE01'), 'Platform', {
        name: 'Platform',
        requestor: { type: 'any' },
        resource: { type: 'any' },
        approval: [{ type: 'group', groups: [{ directory: 'local', id: 'platform', label: 'Platform team' }], effect: 'keep' }],
      });
    },
    act: submitMet,
    async effect(turn) {
      const id = await idOf(turn);
      const copy = () => about(turn, id).find(({ posting }) => posting === 'approval@dave@example.com');
      await expect.poll(() => JSON.stringify(copy()?.message.blocks ?? ''), patient).toContain('Open in the channel');
    },
  },
  {
    method: 'chat.getPermalink',
    what: 'for a form that begins with a message',
    async act(turn) {
      const hands = handsOf(turn);
      await hands.say(`please ${turn.reason}`);
      const message = must(hands.messages('general').find(({ text }) => text.includes(turn.reason)));
      turn.meet();
      await hands.shortcutAt(message, 'request_from_message');
    },
    // It opens all the same, if without the link.
    async effect(turn) {
      await turn.product.workspace.until(() => handsOf(turn).views().some(isForm), 15_000);
      await closeAll(turn);
    },
  },
  { method: 'views.open', what: 'of the request form', act: (turn) => typeMet(turn, '/access'), effect: openForm, isOnce: true },
  { method: 'views.update', what: 'of the request form', act: (turn) => typeMet(turn, '/access'), effect: openForm },
  {
    method: 'views.push',
    what: 'of a policy',
    async act(turn) {
      await openPolicies(turn);
      turn.meet();
      await pressNew(turn);
    },
    async effect(turn) {
      const { workspace } = turn.product;
      const alice = workspace.as('alice');
      await closeAll(turn, alice);
      await openPolicies(turn);
      await pressNew(turn);
      await workspace.until(() => alice.views().some(({ blocks }) => JSON.stringify(blocks).includes(actionIds.policyText)), 10_000);
      await closeAll(turn, alice);
    },
    isOnce: true,
  },
  {
    method: 'views.publish',
    what: 'for whoever opens their home tab',
    async act(turn) {
      turn.meet();
      await handsOf(turn).openHome();
    },
    async effect(turn) {
      const home = () => JSON.stringify(handsOf(turn).home()?.blocks ?? '');
      await handsOf(turn).openHome();
      await turn.product.workspace.until(() => home().includes('open_form') && !home().includes('eference'), 15_000);
    },
  },
  {
    method: 'views.publish',
    what: 'of a home tab where something changed',
    async act(turn) {
      const { workspace } = turn.product;
      await handsOf(turn).openHome();
      await workspace.until(() => handsOf(turn).home(), 10_000);
      await expectAgreement(turn.product);
      turn.meet();
      await submit(turn);
    },
    async effect(turn) {
      const id = await idOf(turn);
      const home = async () => {
        // Ten seconds between two tries are too long for a test.
        await turn.product.curfew.pool.query('update homes set publish_at = least(publish_at, now())');
        return textOf(must(handsOf(turn).home()));
      };
      await expect.poll(home, patient).toContain(id);
    },
    isOnce: true,
  },
  {
    method: 'functions.completeSuccess',
    what: 'of a step whose request was decided',
    async act(turn) {
      await runStep(turn);
      await standsOnce(turn);
      turn.meet();
      const verdict = { kind: 'deny', reason: undefined } as const;
      const denied = turn.product.curfew.useCases.decideRequest(await decider(turn.product), await idOf(turn), verdict);
      expect(await denied).toMatchObject({ ok: true });
    },
    async effect(turn) {
      await expect.poll(() => runOf(turn).state, patient).toBe('completed');
      expect(runOf(turn).outputs).toMatchObject({ decision: 'denied' });
    },
  },
  {
    method: 'functions.completeError',
    what: 'of a step that asks for what there is not',
    async act(turn) {
      turn.meet();
      await runStep(turn, 'pg role nothing');
    },
    async effect(turn) {
      // Half a minute between two tries is too long for a test.
      const soon = () => turn.product.curfew.pool.query('update steps set try_at = least(try_at, now()) where told_at is null');
      const state = async () => {
        await soon();
        return runOf(turn).state;
      };
      await expect.poll(state, patient).toBe('failed');
      await expect.poll(() => runOf(turn), patient).toMatchObject({ state: 'failed', error: expect.stringContaining('nothing') });
    },
  },
];
