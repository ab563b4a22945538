/** A step of a workflow begins: access is asked for on behalf of the person whom the workflow names. */
import { onOneLine } from '../../blocks/line.ts';
import { rejectionText } from '../../blocks/notices.ts';
import type { FailedStep } from '../app/steps-store.ts';
import { type Desk, reportFault } from './desk.ts';
import { createEndStep } from './end-step.ts';

/** `retry`: how often Slack has sent it before. */
export type Step = {
  readonly execution: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly retry: number | undefined;
};

const longestError = 500;
/** What is not acknowledged is sent again at once, after a minute and after five. */
const mostRetries = 3;

/**
 * Settles once it is on record that the step waits for its request, or why it failed: only then it may be acknowledged, because
 * Slack does not deliver again what was.
 * @throws where it cannot begin now: a step that failed is over for good, so it fails only when it will not be delivered again
 */
export async function onStep(desk: Desk, step: Step): Promise<void> {
  const { execution, retry = 0 } = step;
  const why = await begin(desk, step).catch((error: unknown) => {
    if (retry < mostRetries) throw error;
    return reportFault(desk.log, error);
  });
  if (why !== undefined) await fail(desk, { execution, why: onOneLine(why, longestError) });
}

/** Where it cannot be put down, Slack is told at once, or never: nothing else will remember it. */
async function fail({ useCases, org, client, log }: Desk, failed: FailedStep): Promise<void> {
  try {
    await useCases.steps.fail(org, failed);
  } catch (error) {
    log.warn({ err: error, execution: failed.execution }, 'it could not be put down that a step of a workflow failed; Slack is told now');
    await createEndStep(client, log)(failed.execution, { kind: 'failed', why: failed.why });
  }
}

/** @returns why it cannot begin */
async function begin(desk: Desk, { execution, inputs }: Omit<Step, 'retry'>): Promise<string | undefined> {
  const [requester, right] = [textOf(inputs['requester']), textOf(inputs['resource'])];
  if (requester === undefined || right === undefined) return 'The step needs a requester and a resource.';
  const caller = await desk.identities.named(requester);
  if (!caller.ok) return `The requester cannot ask for access: ${rejectionText(caller.rejection)}`;
  const wish = { execution, right, duration: textOf(inputs['duration']), reason: textOf(inputs['reason']) };
  const begun = await desk.useCases.steps.begin(caller.value, wish);
  return begun.ok ? undefined : rejectionText(begun.rejection);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value : undefined);
