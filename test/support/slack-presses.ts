/** What anybody does in Slack, buttons pressed that they were never shown included: what the product answers is what is asked. */
import { WebClient } from '@slack/web-api';
import { rejectionText } from '../../blocks/notices.ts';
import { actionIds, encodeDecision, viewIds } from '../../blocks/wire.ts';
import { createRouter, pictureDigest } from '../../src/app/routing.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import type { Result } from '../../src/domain/result.ts';
import type { NewPerson } from '../../src/sandbox/slack/people.ts';
import type { Message, View } from '../../src/sandbox/slack/state.ts';
import { rejectionProblem } from '../../src/http/rejection-text.ts';
import { TOKENS } from './local-slack.ts';
import { must } from './http-app.ts';
import { startSlackApp } from './slack-app.ts';
import type { World } from './world.ts';

const buttons = {
  approve: actionIds.approve,
  deny: actionIds.deny,
  revoke: actionIds.revoke,
  relinquish: actionIds.relinquish,
  cancel: actionIds.cancel,
  read: actionIds.review,
};
const patienceMs = 10_000;
/** The workspace keeps only so many messages: counting them tells nothing, and the last one may be gone. */
const newer = (message: Message | undefined, than: Message | undefined): Message | undefined =>
  message === undefined || Number(message.ts) <= Number(than?.ts ?? 0) ? undefined : message;
const isFilled = (view: View): boolean => !JSON.stringify(view.source).includes('Loading…');
const isForm = ({ source }: View): boolean => source['callback_id'] === viewIds.deny;
/** It says what came of it. */
const isTold = (view: View): boolean => isFilled(view) && !isForm(view);

export type Pressable = keyof typeof buttons;

/** `status`: what HTTP would have answered; undefined where nobody was asked, because Slack does not vouch for the person. */
export type Pressed = { readonly status: number | undefined; readonly said: string | undefined };

/** Whoever is refused must be told why, in the words that HTTP has too. */
function toPressed(result: Result<unknown> | undefined, said: string): Pressed {
  if (result === undefined) return { status: undefined, said };
  if (result.ok) return { status: 200, said };
  const expected = rejectionText(result.rejection);
  if (!said.includes(JSON.stringify(expected).slice(1, -1))) throw new Error(`“${expected}” was to be said, and this was: ${said}`);
  return { status: rejectionProblem(result.rejection).status, said };
}

/** A real Bolt app over Socket Mode in front of the world's use cases, and a workspace with these people beside the usual ones. */
export async function startSlackPresses(world: World, people: readonly NewPerson[]) {
  let tell: (result: Result<unknown>) => void = () => undefined;
  const noting =
    <A extends unknown[], T>(door: (...given: A) => Promise<Result<T>>) =>
    async (...given: A): Promise<Result<T>> => {
      const result = await door(...given);
      tell(result);
      return result;
    };
  const { useCases } = world;
  const noted: Partial<UseCases> = {
    decideRequest: noting((...given: Parameters<UseCases['decideRequest']>) => useCases.decideRequest(...given)),
    revokeGrant: noting((...given: Parameters<UseCases['revokeGrant']>) => useCases.revokeGrant(...given)),
    relinquishGrant: noting((...given: Parameters<UseCases['relinquishGrant']>) => useCases.relinquishGrant(...given)),
    cancelRequest: noting((...given: Parameters<UseCases['cancelRequest']>) => useCases.cancelRequest(...given)),
    pictureOf: noting((...given: Parameters<UseCases['pictureOf']>) => useCases.pictureOf(...given)),
    runCommand: noting((...given: Parameters<UseCases['runCommand']>) => useCases.runCommand(...given)),
  };
  const running = await startSlackApp('socket', { ...useCases, ...noted }, 'approvals', { people });
  const { workspace, url } = running.slack;
  const client = new WebClient(TOKENS.botToken, { slackApiUrl: `${url}/sandbox/slack/api/`, allowAbsoluteUrls: false });
  const route = createRouter(world.deps.routing);

  async function post(operation: Pressable, request: PermissionRequest): Promise<Message> {
    const digest = pictureDigest(request, await route(world.store, request));
    const value = operation === 'approve' || operation === 'deny' ? encodeDecision(request.id, digest) : request.id;
    const button = { type: 'button', action_id: buttons[operation], value, text: { type: 'plain_text', text: operation } } as const;
    const blocks = [{ type: 'actions', elements: [button] } as const];
    const { ts } = await client.chat.postMessage({ channel: '#approvals', text: operation, blocks });
    return must(
      workspace
        .as('alice')
        .messages('approvals')
        .find((message) => message.ts === ts),
    );
  }

  /** Deny asks for a reason first. */
  async function sayNoReason(hands: ReturnType<typeof workspace.as>): Promise<void> {
    const view = await workspace.until(() => hands.views().find(isFilled), patienceMs);
    if (isForm(view)) await hands.submit(view);
  }

  return {
    logged: running.logged,
    /** Presses, and waits until the product is done with it. */
    async press(name: string, operation: Pressable, request: PermissionRequest): Promise<Pressed> {
      const message = await post(operation, request);
      const hands = workspace.as(name);
      const before = hands.ephemerals().at(-1);
      const answered = new Promise<Result<unknown>>((resolve) => (tell = resolve));
      await hands.press(message, buttons[operation]);
      // A window opens whatever the answer is; elsewhere only a refusal is told.
      const isWindow = operation === 'read' || operation === 'deny';
      if (operation === 'deny') await sayNoReason(hands);
      const heard = workspace.until(() => {
        const shown = isWindow ? hands.views().find(isTold) : newer(hands.ephemerals().at(-1), before);
        return shown === undefined ? undefined : JSON.stringify('source' in shown ? shown.source : shown.blocks);
      }, patienceMs);
      const result = await Promise.race([answered, heard.then(() => undefined)]);
      if (result?.ok === true && !isWindow) {
        // Nobody waits for what will not come.
        heard.catch(() => undefined);
        return { status: 200, said: undefined };
      }
      const said = await heard;
      for (const view of hands.views()) await hands.close(view);
      return result?.ok === true && operation === 'deny' ? { status: 200, said: undefined } : toPressed(result, said);
    },
    /** Types a slash command, and waits for the answer. */
    async command(name: string, text: string): Promise<Pressed> {
      const hands = workspace.as(name);
      const before = hands.ephemerals().at(-1);
      let result: Result<unknown> | undefined;
      tell = (told) => (result = told);
      await hands.command(text);
      const said = await workspace.until(() => {
        const shown = newer(hands.ephemerals().at(-1), before);
        return shown === undefined ? undefined : JSON.stringify(shown.blocks);
      }, patienceMs);
      return toPressed(result, said);
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
export type SlackPresses = Awaited<ReturnType<typeof startSlackPresses>>;
