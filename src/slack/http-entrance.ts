import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HTTPReceiver } from '@slack/bolt';
import type { Log } from '../app/ports.ts';
import { formType, type Guard, isForm } from './guard.ts';
import { readBody } from './read-body.ts';
import type { CountRefused, Why } from './refused.ts';

export const eventsPath = '/slack/events';
const bodyLimitBytes = 1_000_000;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers everything under `/slack/`: what the guard lets pass goes to Bolt, the rest ends here. */
export function createEntrance(
  guard: Guard,
  receiver: Pick<HTTPReceiver, 'requestListener'>,
  log: Log,
  countRefused: CountRefused,
): Handler {
  const refuse = (response: ServerResponse, status: number, why: Why): void => {
    countRefused(why);
    answer(response, status);
  };
  const enter = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST' || pathOf(request) !== eventsPath) return refuse(response, 404, 'no such address');
    const body = await readBody(request, bodyLimitBytes);
    if (body === undefined) return refuse(response, 413, 'too large');
    const checked = guard(request.headers, body);
    if (!checked.ok) {
      log.warn({ why: checked.why }, 'refused a request at the Slack entrance');
      return refuse(response, checked.status, checked.why);
    }
    // Bolt compares the type as a whole, and takes the body from here where it was read already.
    if (isForm(request.headers)) request.headers['content-type'] = formType;
    receiver.requestListener(Object.assign(request, { rawBody: body }), response);
  };
  return (request, response) => {
    enter(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'the Slack entrance failed');
      answer(response, 500);
    });
  };
}

const pathOf = (request: IncomingMessage): string | undefined => URL.parse(request.url ?? '/', 'http://slack.invalid')?.pathname;

function answer(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy();
  // The rest of a body that was not read must not be taken for the next request.
  else response.writeHead(status, status === 413 ? { connection: 'close' } : {}).end();
}
