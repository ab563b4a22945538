/** Windows that are submitted: fields complain in the acknowledgement, and that must come within three seconds. */
import type { AckFn, SlackViewMiddlewareArgs, ViewOutput, ViewResponseAction, ViewSubmitAction } from '@slack/bolt';
import { sentence } from '../../blocks/kit.ts';
import { loading } from '../../blocks/loading.ts';
import { noticeView } from '../../blocks/notices.ts';
import { keyOf } from './deliveries.ts';
import { type Desk, privately, reportFault } from './desk.ts';
import { inTime } from './in-time.ts';
import type { Values } from './press.ts';
import { refill, typedIn } from './refill.ts';

export type Submission = {
  readonly userId: string;
  readonly viewId: string;
  readonly values: Values;
  readonly metadata: string;
  /** The window below this one. */
  readonly parent: string | undefined;
};

/** `errors`: block id → sentence, shown at the fields while the window stays. `after` is for what nobody waits for. */
export type SubmissionAnswer =
  | { readonly kind: 'errors'; readonly errors: Record<string, string> }
  | { readonly kind: 'done'; readonly view: ReturnType<typeof loading>; readonly after?: () => Promise<void> };

export type Submit = (desk: Desk, submission: Submission) => Promise<SubmissionAnswer>;

/** Views may be large, and a repeat comes soon. */
const mostKept = 200;

type Arrived = Pick<SlackViewMiddlewareArgs<ViewSubmitAction>, 'body'> & { readonly ack: AckFn<ViewResponseAction> };
export type AnswerSubmission = (submit: Submit, heading: string, arrived: Arrived) => Promise<void>;

type Response = { readonly action: ViewResponseAction; readonly afterwards: () => Promise<void> };

/**
 * Answers at the fields where the work is done in time; else the window waits and is filled afterwards. A repeat is answered
 * as the first was: Slack heeds whichever answer reaches it, and an empty one would close the window.
 */
export function createAnswerSubmission(desk: Desk): AnswerSubmission {
  const actions = new Map<string, Promise<ViewResponseAction>>();
  const keep = (key: string, action: Promise<ViewResponseAction>): void => {
    actions.set(key, action);
    const [oldest] = actions.keys();
    if (actions.size > mostKept && oldest !== undefined) actions.delete(oldest);
  };
  return async (submit, heading, { body, ack }) => {
    const key = keyOf(body);
    const before = key === undefined ? undefined : actions.get(key);
    if (before !== undefined) return ack(await before);
    const response = respond(desk, submit, heading, body);
    const action = response.then((each) => each.action);
    if (key !== undefined) keep(key, action);
    try {
      await ack(await action);
    } finally {
      await (await response).afterwards();
    }
  };
}

async function respond(desk: Desk, submit: Submit, heading: string, body: ViewSubmitAction): Promise<Response> {
  const { view, user } = body;
  // Another process has it, and only that one knows what came of it.
  if (!(await desk.isFirst(body))) return { action: toAction(atForm(view, heading, sentAlready)), afterwards: async () => {} };
  const { id, state, private_metadata: metadata, previous_view_id: previous } = view;
  const work = submit(desk, { userId: user.id, viewId: id, values: state.values, metadata, parent: previous ?? undefined }).catch(
    (error: unknown) => atForm(view, heading, reportFault(desk.log, error)),
  );
  const answer = await inTime(work);
  if (answer !== undefined) return { action: toAction(answer), afterwards: () => after(answer) };
  return {
    action: { response_action: 'update', view: loading(heading) },
    afterwards: async () => {
      const late = await work;
      await fillLate(desk, body, heading, late);
      await after(late);
    },
  };
}

const sentAlready = 'This was sent already. Look whether it was done before you send it again.';

/** At the first field, so that the form stays with what was typed; in its place where there is no field. */
function atForm({ blocks }: ViewOutput, heading: string, text: string): SubmissionAnswer {
  const block = blocks.find(({ type }) => type === 'input')?.block_id;
  return block === undefined ? { kind: 'done', view: noticeView(heading, text) } : { kind: 'errors', errors: { [block]: text } };
}

const toAction = (answer: SubmissionAnswer): ViewResponseAction =>
  answer.kind === 'errors' ? { response_action: 'errors', errors: answer.errors } : { response_action: 'update', view: answer.view };

const after = async (answer: SubmissionAnswer): Promise<void> => {
  if (answer.kind === 'done') await answer.after?.();
};

/** Into the window that waits. Where that is not there any more, or cannot be filled, the person is told in private. */
async function fillLate(desk: Desk, { view, user }: ViewSubmitAction, heading: string, answer: SubmissionAnswer): Promise<void> {
  const problem = answer.kind === 'errors' ? Object.values(answer.errors).join(' ') : undefined;
  const filled = answer.kind === 'done' ? answer.view : refill(view, problem ?? '');
  try {
    await desk.client.views.update({ view_id: view.id, view: filled });
  } catch (error) {
    desk.log.warn({ err: error }, 'a window that waited could not be filled; sending a direct message');
    const said =
      problem === undefined
        ? `The window “${heading}” was handled, but could not show what came of it. Close it; the home tab shows how things are now.`
        : `Nothing came of the window “${heading}”, which could not be shown again: ${problem}`;
    await privately(desk, user.id, undefined)(sentence(said, problem === undefined ? undefined : typedIn(view)));
  }
}
