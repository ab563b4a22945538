import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { NoBotToken } from '../app/bot-token.ts';

/** Slack's own word for why it refused a call; undefined for every other fault. */
export const apiError = (error: unknown): string | undefined => (error instanceof WebAPIPlatformError ? error.data.error : undefined);

/** Slack's words for faults of its own: the call may have been carried out, and may work the next time. */
const passing: readonly string[] = ['fatal_error', 'internal_error', 'service_unavailable', 'request_timeout', 'ratelimited'];
export const isPassing = (word: string): boolean => passing.includes(word);

/** Slack answers, and with this token we can do nothing. */
export class UselessToken extends Error {}

/** Eleven sockets are too many, and a version of us that stops still has some. */
const crowded = 'too_many_websockets';

/** Is it Slack that is away, or not able now, and not we who are refused? */
export function isAway(error: unknown): boolean {
  const word = apiError(error);
  return word === undefined ? !(error instanceof UselessToken) : isPassing(word) || word === crowded;
}

/** Where the connection never came about, nothing was sent. */
const unsent: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];

/** May Slack have carried out the call that ended so? */
export function mayHaveHappened(error: unknown): boolean {
  if (error instanceof WebAPIPlatformError) return isPassing(error.data.error);
  if (error instanceof WebAPIRateLimitedError || error instanceof NoBotToken) return false;
  if (error instanceof WebAPIHTTPError) return error.statusCode >= 500;
  if (error instanceof WebAPIRequestError) return !unsent.includes(codeOf(error.original.cause) ?? '');
  return true;
}

function codeOf(cause: unknown): string | undefined {
  return typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
