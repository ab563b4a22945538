import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerInteraction } from './app-answers.ts';
import type { Faults } from './faults.ts';
import { readFields, readText, sendJson } from './http-body.ts';
import type { Hub } from './hub.ts';
import { isJson, parseJson } from './json.ts';
import { meetFault } from './web-api/server.ts';

const BODY_BYTES = 1_000_000;

/** A post to a response_url. */
export async function handleResponsePost(
  hub: Hub,
  faults: Faults,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  if (request.method !== 'POST') return sendJson(response, 405, { ok: false, error: 'method_not_allowed' }, { allow: 'POST' });
  const text = await readText(request, BODY_BYTES);
  const fields = text === undefined ? undefined : readFields(request, text);
  if (fields === undefined) return sendJson(response, 400, { ok: false, error: 'invalid_payload' });
  const wrapped = typeof fields['payload'] === 'string' ? parseJson(fields['payload']) : undefined;
  const fault = faults.take('response_url');
  if (meetFault(fault, response)) return;
  const used = hub.responseUrls.use(id);
  if ('error' in used) return sendJson(response, 404, { ok: false, error: used.error });
  const answer = answerInteraction(hub, used.target, isJson(wrapped) ? wrapped : fields);
  if (fault !== undefined) response.destroy();
  else if (answer.ok) sendJson(response, 200, { ok: true });
  else sendJson(response, 400, { ok: false, error: answer.error, response_metadata: { messages: answer.messages ?? [] } });
}
