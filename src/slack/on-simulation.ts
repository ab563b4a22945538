/** The window that tries a request against the policies. */
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { simulationBlocks, simulationForm, simulationHeading } from '../../blocks/simulation.ts';
import { actionIds } from '../../blocks/wire.ts';
import type { Question } from '../app/simulate-policy.ts';
import { type Command, parseCommand } from '../domain/command.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { instant } from '../domain/time.ts';
import { splitWords } from '../domain/words.ts';
import { attempt, type Desk, privately } from './desk.ts';
import { typed, type Press } from './press.ts';
import { pushWindow } from './push-window.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

export function onOpenSimulation(desk: Desk, press: Press): Promise<void> {
  return attempt(desk, privately(desk, press.userId, press.respond), async () => {
    const opened = await pushWindow(desk, press.triggerId, simulationHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      await opened.show(caller.ok ? simulationForm(undefined) : rejectionView(simulationHeading, caller.rejection));
    });
  });
}

export async function onSimulationSubmitted(desk: Desk, { userId, values }: Submission): Promise<SubmissionAnswer> {
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return { kind: 'done', view: rejectionView(simulationHeading, caller.rejection) };
  const at = (block: string, text: string): SubmissionAnswer => ({ kind: 'errors', errors: { [block]: text } });
  const person = values[simulationBlocks.who]?.[actionIds.tryWho]?.selected_user ?? undefined;
  const requestor = person === undefined ? undefined : await desk.identities.addressOf(person);
  if (requestor === undefined) return at(simulationBlocks.who, 'This is nobody who can ask for access.');
  const text = (typed(values, simulationBlocks.right, actionIds.tryRight) ?? '').trim();
  const asked = readAsked(text, desk.command);
  if (!asked.ok) return at(simulationBlocks.right, rejectionText(asked.rejection));
  const { right, reason, duration } = asked.value;
  const seconds = values[simulationBlocks.at]?.[actionIds.tryAt]?.selected_date_time ?? undefined;
  const moment = seconds === undefined ? undefined : instant(seconds * 1000);
  const question: Question = { requestor, right, reason, duration, at: moment, onlyMatching: true };
  const answer = await desk.useCases.policies.simulate(caller.value, question);
  if (!answer.ok) {
    if (answer.rejection.code === 'role-required') return { kind: 'done', view: rejectionView(simulationHeading, answer.rejection) };
    return at(
      answer.rejection.code === 'invalid-principal' ? simulationBlocks.who : simulationBlocks.right,
      rejectionText(answer.rejection),
    );
  }
  const { refusal, ...result } = answer.value;
  const shown = { ...result, refusal: refusal === null ? undefined : rejectionText(refusal) };
  return { kind: 'done', view: simulationForm({ asked: `${requestor}: ${text}`, result: shown }) };
}

/** What stands after "request" in the command. */
function readAsked(text: string, program: string): Result<Extract<Command, { kind: 'request' }>> {
  const split = splitWords(text, program);
  if (!split.ok) return split;
  const command = parseCommand(['request', ...split.value], program);
  if (!command.ok) return command;
  return command.value.kind === 'request'
    ? accept(command.value)
    : reject({ code: 'invalid-value', field: 'request', why: 'Write what is asked for.' });
}
