/** The step of a workflow that asks for access and waits for the decision. */
import { parseCommand } from '../domain/command.ts';
import type { Org } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { quoted } from '../domain/said.ts';
import { stepEnd } from '../domain/step.ts';
import { splitWords } from '../domain/words.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import type { Caller, Log, Messenger } from './ports.ts';
import type { FailedStep, StepStore } from './steps-store.ts';
import type { Store } from './store.ts';
import { submitWithin } from './submit-request.ts';
import type { Draft } from './use-cases.ts';

/** As it stands in the workflow: `right` like `pg role readonly`, `duration` like `1h`. */
export type StepWish = {
  readonly execution: string;
  readonly right: string;
  readonly duration: string | undefined;
  readonly reason: string | undefined;
};

export type StepDoors = {
  /**
   * Asks for access for the caller, and lets the step wait for the decision. The caller is the person whom the workflow
   * names: they are who gets the access, and nobody is told who built or ran the workflow. Twice is once.
   */
  begin(caller: Caller, wish: StepWish): Promise<Result<undefined>>;
  /** It came to nothing, and nobody is known to have asked for anything: the workflow is told why, however long Slack is away. */
  fail(org: Org, failed: FailedStep): Promise<void>;
};

/** So that nobody takes the words for those of the person named. */
const written = (reason: string | undefined): string => `Written by a workflow${reason === undefined ? '' : `: ${reason}`}`;

/** The other flags have inputs of their own in the step, or none. */
const isFlag = (word: string): boolean => word.startsWith('-') && word !== '-' && !/^--integration(?:=|$)/.test(word);
const noRight = (why: string) => reject({ code: 'invalid-value', field: 'resource', why });

export function createStepDoors(deps: DecideDeps, door: Doorway): StepDoors {
  const { store } = deps;
  return {
    begin: door({ scope: 'command', attempt: 'step.begin' }, async (caller, { execution, right, duration, reason }) => {
      if (await store.steps.isKnown(caller.org, execution)) return accept(undefined);
      const words = splitWords(right, '');
      if (!words.ok) return words;
      const flag = words.value.find(isFlag);
      if (flag !== undefined) return noRight(`Write a right, like pg role readonly. ${quoted(flag)} cannot stand there.`);
      const length = duration === undefined ? [] : ['--duration', duration];
      const command = parseCommand(['request', ...words.value, ...length, '--reason', written(reason)], '');
      if (!command.ok) return command;
      if (command.value.kind !== 'request') return noRight('Write a right, like pg role readonly.');
      return beginWith(deps, caller, execution, { ...command.value, to: undefined });
    }),
    fail: (org, failed) => store.steps.fail(org, failed),
  };
}

/**
 * The request and that the step waits for it are one: a request alone would be made once more when Slack delivers the step
 * again, if it was decided meanwhile.
 */
function beginWith(deps: DecideDeps, caller: Caller, execution: string, draft: Draft): Promise<Result<undefined>> {
  return deps.store.transaction(async (tx) => {
    // Another delivery of this step waits here, and then finds what we made.
    await tx.lockPerson(caller.org, caller.person.id);
    if (await tx.steps.isKnown(caller.org, execution)) return accept(undefined);
    const submitted = await submitWithin(deps, tx, caller, draft);
    if (!submitted.ok) return submitted;
    await tx.steps.begin(actorOf(caller), caller.org, execution, submitted.value.request.id);
    return accept(undefined);
  });
}

/** Tells the steps that wait for this request what became of it. At least once: one that was told already is told in vain. */
export async function endSteps(
  { store, messenger }: { readonly store: Store; readonly messenger: Messenger },
  request: PermissionRequest,
): Promise<void> {
  const end = stepEnd(request);
  if (end === undefined) return;
  for (const execution of await store.steps.waiting(request.org, request.id)) {
    await messenger.endStep(execution, end);
    await store.steps.keepTold(request.org, execution);
  }
}

type Failing = {
  readonly store: { readonly steps: StepStore };
  readonly org: Org;
  readonly messenger: Messenger;
  readonly log: Log;
  readonly stopping: AbortSignal;
};

/** Tells the steps that failed so. At least once, as above; where one cannot be told, the others are left to the next turn. */
export async function endFailedSteps({ store: { steps }, org, messenger, log, stopping }: Failing): Promise<void> {
  while (!stopping.aborted) {
    const failed = await steps.takeFailed(org);
    if (failed === undefined) return;
    const { execution, why } = failed;
    try {
      await messenger.endStep(execution, { kind: 'failed', why });
    } catch (error) {
      log.warn({ err: error, execution }, 'a step of a workflow could not be told that it failed; it is tried again');
      // While Slack hangs, the first would be due again before the last was tried, and nobody could stop.
      return;
    }
    await steps.keepTold(org, execution);
  }
}
