/** What every listener works with, and how it answers the person in private. */
import { randomBytes } from 'node:crypto';
import type { RespondFn } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { type Message, sentence, window } from '../../blocks/kit.ts';
import { loading } from '../../blocks/loading.ts';
import { faultText } from '../../blocks/notices.ts';
import { noticeId } from '../../blocks/wire.ts';
import type { Log } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import type { Org } from '../domain/ids.ts';
import type { OpenSignIn } from './app.ts';
import type { IsFirst } from './first-delivery.ts';
import type { Identities } from './identity.ts';
import type { People } from './people.ts';
import type { PolicyText } from './policy-text.ts';
import type { CountRefused } from './refused.ts';
import type { Turns } from './turns.ts';

export type Desk = {
  readonly client: WebClient;
  readonly useCases: UseCases;
  readonly org: Org;
  readonly identities: Identities;
  readonly people: People;
  readonly isFirst: IsFirst;
  readonly turns: Turns;
  /** For what is refused before a use case is asked; those put their refusals on record themselves. */
  readonly countRefused: CountRefused;
  readonly log: Log;
  /** What people type, `/access`: for help and usage texts. */
  readonly command: string;
  readonly policyText: PolicyText;
  /** Undefined: nobody can sign in to link an account. */
  readonly openSignIn: OpenSignIn | undefined;
};

/** Says something to one person and nobody else. */
export type Tell = (message: Message) => Promise<void>;

/** Beside what they pressed or typed where Slack gives a way to answer, else as a direct message. */
export function privately(desk: Desk, userId: string, respond: RespondFn | undefined): Tell {
  const direct: Tell = async ({ text, blocks }) => {
    await desk.client.chat.postMessage({ channel: userId, text, blocks, unfurl_links: false, unfurl_media: false });
  };
  if (respond === undefined) return direct;
  return async ({ text, blocks }) => {
    try {
      await respond({ response_type: 'ephemeral', replace_original: false, text, blocks });
    } catch (error) {
      desk.log.warn({ err: error }, 'could not answer in place; sending a direct message');
      await direct({ text, blocks });
    }
  };
}

type ModalView = ReturnType<typeof loading>;
export type Window = { readonly show: (view: ModalView) => Promise<void>; readonly tell: Tell };

/** A window that is open already. */
export function windowOf(desk: Desk, viewId: string, heading: string): Window {
  const show = async (view: ModalView): Promise<void> => {
    await desk.client.views.update({ view_id: viewId, view });
  };
  return { show, tell: ({ blocks }) => show(window(heading, blocks, noticeId)) };
}

/** Opens a window before anything is looked up: the trigger lives three seconds. */
export async function openWindow(desk: Desk, triggerId: string, heading: string): Promise<Window> {
  const { view } = await desk.client.views.open({ trigger_id: triggerId, view: loading(heading) });
  if (view?.id === undefined) throw new Error('views.open named no view');
  return windowOf(desk, view.id, heading);
}

/** Logs a fault under a short reference. @returns what to tell the person: the reference and nothing else. */
export function reportFault(log: Log, error: unknown): string {
  const reference = randomBytes(4).toString('hex');
  log.error({ err: error, reference }, 'a Slack listener failed');
  return faultText(reference);
}

/** Runs the work of a listener. A fault is logged, and the person is given its reference instead of silence. */
export async function attempt(desk: Desk, tell: Tell, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await tell(sentence(reportFault(desk.log, error)));
  }
}
