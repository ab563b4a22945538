/** Windows that are submitted: fields complain in the acknowledgement, and that must come within three seconds. */
import { setTimeout as wait } from 'node:timers/promises';
import type { AckFn, SlackViewMiddlewareArgs, ViewResponseAction, ViewSubmitAction } from '@slack/bolt';
import { loading } from '../../blocks/loading.ts';
import { noticeView } from '../../blocks/notices.ts';
import { type Desk, reportFault } from './desk.ts';
import type { Values } from './press.ts';

export type Submission = {
  readonly userId: string;
  readonly viewId: string;
  readonly values: Values;
  readonly metadata: string;
  /** The window below this one. */
  readonly parent: string | undefined;
};

/** `errors`: block id → sentence, shown at the fields while the window stays. */
export type SubmissionAnswer =
  | { readonly kind: 'errors'; readonly errors: Record<string, string> }
  | { readonly kind: 'done'; readonly view: ReturnType<typeof loading> };

export type Submit = (desk: Desk, submission: Submission) => Promise<SubmissionAnswer>;

/** Well below Slack's three seconds. */
const patienceMs = 1_800;

/** Answers at the fields where the work is done in time; else the window waits and is filled afterwards. */
export async function answerSubmission(
  desk: Desk,
  submit: Submit,
  heading: string,
  { body, ack }: Pick<SlackViewMiddlewareArgs<ViewSubmitAction>, 'body'> & { readonly ack: AckFn<ViewResponseAction> },
): Promise<void> {
  if (!(await desk.isFirst(body))) return ack();
  const { id, state, private_metadata: metadata, previous_view_id: previous } = body.view;
  const work = submit(desk, { userId: body.user.id, viewId: id, values: state.values, metadata, parent: previous ?? undefined }).catch(
    (error: unknown): SubmissionAnswer => ({ kind: 'done', view: noticeView(heading, reportFault(desk.log, error)) }),
  );
  const answer = await inTime(work);
  if (answer === undefined) {
    await ack({ response_action: 'update', view: loading(heading) });
    await desk.client.views.update({ view_id: id, view: late(heading, await work) });
  } else if (answer.kind === 'errors') await ack({ response_action: 'errors', errors: answer.errors });
  else await ack({ response_action: 'update', view: answer.view });
}

const late = (heading: string, answer: SubmissionAnswer): ReturnType<typeof loading> =>
  answer.kind === 'done' ? answer.view : noticeView(heading, Object.values(answer.errors).join(' '));

async function inTime(work: Promise<SubmissionAnswer>): Promise<SubmissionAnswer | undefined> {
  const over = new AbortController();
  const alarm = wait(patienceMs, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, alarm]);
  } finally {
    over.abort();
  }
}
