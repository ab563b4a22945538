import { expect, it } from 'vitest';
import { blockIds, inputId } from '../../blocks/wire.ts';
import type { RefusedCalls } from '../../src/app/use-cases.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { posting } from '../../src/domain/posting.ts';
import { must, someRequest } from '../support/http-app.ts';
import { type Mode, type RunningSlack, startSlackApp } from '../support/slack-app.ts';

/** What is refused in Slack before a use case is asked is counted, and put on record. */

const erin = { people: [{ id: 'U0ERIN001', name: 'erin' }] };

/** Runs the Slack door, and tells what it had put on record when it was closed. */
async function countedIn(mode: Mode, act: (running: RunningSlack) => Promise<void>): Promise<RefusedCalls[]> {
  const counted: RefusedCalls[] = [];
  const overrides = {
    recordRefusedCalls: async (_org: unknown, counts: RefusedCalls) => void counted.push(counts),
    runCommand: async () => accept({ kind: 'help', text: 'some help' } as const),
    decideRequest: async () => reject({ code: 'not-approver' } as const),
  };
  {
    await using running = await startSlackApp(mode, overrides, 'approvals', erin);
    await act(running);
  }
  return counted;
}

const told = ({ slack: { workspace } }: RunningSlack, who: string, words: string) =>
  workspace.until(() =>
    workspace
      .as(who)
      .ephemerals()
      .some((message) => JSON.stringify(message).includes(words)),
  );

it.each([
  ['guest', { isRestricted: true }, 'Guests'],
  ['deactivated', { deleted: true }, 'deactivated'],
  ['bot', { isBot: true }, 'bots'],
  ['stranger', { teamId: 'T0OTHER01' }, 'Only members'],
  ['no-email', { email: '' }, 'no confirmed e-mail'],
])('people who may do nothing here are counted by why: %s', async (why, patch, words) => {
  const counted = await countedIn('socket', async (running) => {
    const { workspace } = running.slack;
    await workspace.as('erin').command('/access ls pg role');
    await told(running, 'erin', 'some help');
    const before = must(workspace.sent.at(-1));
    await workspace.changePerson('erin', patch);
    // Slack itself would not let some of them type; the payload is repeated as another command.
    await workspace.deliver({ ...before, payload: { ...before.payload, trigger_id: 'another.command' } });
    await told(running, 'erin', words);
  });
  expect(counted).toEqual([{ [`slack.${why}`]: 1 }]);
});

it('commands, buttons and forms that cannot be read are counted, and what a use case refuses is not: it is on record', async () => {
  const counted = await countedIn('socket', async (running) => {
    const { workspace } = running.slack;
    const bob = workspace.as('bob');
    await bob.command('/access request pg "role');
    await told(running, 'bob', 'A quote is not closed');
    const request = someRequest();
    const choice = { durations: [request.asked], digest: '0123456789abcdef' };
    const picture = { request, choice, approvers: ['Security reviewers'], usage: undefined, secretWaits: false };
    await running.app.messenger.post(posting('approval'), picture, undefined);
    const carol = workspace.as('carol');
    await carol.press(must(carol.messages('approvals')[0]), 'approve');
    await told(running, 'carol', 'You may not decide');
    const press = must(workspace.sent.findLast(({ type }) => type === 'interactive'));
    const { actions, ...rest } = press.payload;
    const [action] = must(Array.isArray(actions) ? actions : undefined);
    await workspace.deliver({ ...press, payload: { ...rest, trigger_id: 'forged.press', actions: [{ ...action, value: 'forged' }] } });
    await told(running, 'carol', 'There is no such request');
    const values = { [blockIds.reason]: { [inputId(blockIds.reason)]: { type: 'plain_text_input', value: 'x'.repeat(3_000) } } };
    const view = { id: 'V1', type: 'modal', callback_id: 'request_form', private_metadata: '', hash: 'h', state: { values } };
    const submitted = { ...rest, type: 'view_submission', trigger_id: 'a.form', view };
    expect(await workspace.deliver({ ...press, payload: submitted })).toMatchObject({ kind: 'acked' });
  });
  expect(counted).toEqual([{ 'slack.command': 1, 'slack.press': 1, 'slack.form': 1 }]);
});

it('requests that are not from Slack are counted by why', async () => {
  const counted = await countedIn('http', async ({ slack: { http, workspace } }) => {
    const post = async (headers: Record<string, string>, path = '') =>
      (await fetch(`${http.url}${path}`, { method: 'POST', body: 'command=%2Faccess', headers })).status;
    const stamp = String(Math.floor(Date.now() / 1000));
    const signed = { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': stamp };
    expect(await post({})).toBe(401);
    expect(await post(signed)).toBe(401);
    expect(await post(signed)).toBe(401);
    expect(await post({ ...signed, 'x-slack-request-timestamp': '1' })).toBe(401);
    expect(await post({}, '/none')).toBe(404);
    await workspace.as('erin').command('/access ls pg role');
  });
  expect(counted).toEqual([{ 'slack.no-signature': 1, 'slack.wrong-signature': 2, 'slack.too-old': 1, 'slack.no-such-address': 1 }]);
});
