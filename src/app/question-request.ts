import type { RequestId } from '../domain/ids.ts';
import { parseReason } from '../domain/reason.ts';
import { isSelf, type PermissionRequest, wireStatus } from '../domain/request.ts';
import { accept, reject, type Rejection, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import { type DecideDeps, judgeVerdict } from './decide-request.ts';
import type { Caller } from './ports.ts';
import type { Transaction } from './store.ts';

const mostQuestions = 10;

/** Whoever may decide asks for more before they do. The request goes on waiting. */
export async function questionRequest(deps: DecideDeps, caller: Caller, id: RequestId, text: string): Promise<Result<PermissionRequest>> {
  const words = said(text, 'question');
  if (!words.ok) return words;
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    // Whoever may say no may ask: they may be the only ones left who can.
    const { refusal } = await judgeVerdict(deps.routing, tx, caller, request, await deps.router(tx, request), 'deny');
    const late = refusal ?? (await whyTooLate(tx, request));
    if (late !== undefined) return reject(late);
    if ((request.questions?.length ?? 0) >= mostQuestions)
      return reject({ code: 'too-many', what: 'questions about one request', maximum: mostQuestions });
    await tx.waiting.question(actorOf(caller), request, { by: caller.person, at: await tx.now(), text: words.value, answer: undefined });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

/** Whoever waits answers, once. @param number  of the question, from 1 */
export async function answerQuestion(
  { store }: Pick<DecideDeps, 'store'>,
  caller: Caller,
  id: RequestId,
  { number, text }: { readonly number: number; readonly text: string },
): Promise<Result<PermissionRequest>> {
  const words = said(text, 'answer');
  if (!words.ok) return words;
  return store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    if (!isSelf(request, caller.person.id)) return reject({ code: 'not-yours' });
    const late = await whyTooLate(tx, request);
    if (late !== undefined) return reject(late);
    const question = request.questions?.[number - 1];
    if (question === undefined) return reject({ code: 'not-found' });
    if (question.answer !== undefined) return reject({ code: 'exists', what: 'answer' });
    await tx.waiting.answer(actorOf(caller), request, number, { by: caller.person, at: await tx.now(), text: words.value });
    return accept((await tx.request(caller.org, id)) ?? request);
  });
}

async function whyTooLate(tx: Transaction, { state, approvableUntil }: PermissionRequest): Promise<Rejection | undefined> {
  if (state.kind !== 'pending') return { code: 'already-decided', status: wireStatus(state), by: undefined };
  return (await tx.now()) >= approvableUntil ? { code: 'lapsed' } : undefined;
}

function said(text: string, field: string): Result<string> {
  const parsed = parseReason(text);
  if (!parsed.ok) return parsed;
  return parsed.value === undefined ? reject({ code: 'invalid-value', field, why: 'Say something.' }) : accept(parsed.value);
}
