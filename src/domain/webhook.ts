import { type DurationSeconds, toSeconds } from './duration.ts';

export const mostWebhooks = 20;
export const longestWebhookUrl = 2_000;
export const longestDescription = 200;
export const mostPatterns = 20;

/** What an endpoint is told of where nothing else was asked for. */
export const usualEvents: readonly string[] = ['request.*', 'grant.*'];

/** An action as the audit log names it, all of one noun (`grant.*`), or everything (`*`). */
export const eventPattern = /^(?:\*|[a-z]+(?:-[a-z]+)*(?:\.(?:\*|[a-z]+(?:-[a-z]+)*))?)$/;

/** After a rotation the former secret signs as well for so long. */
export const formerSecretLife = toSeconds({ time: 1, unit: 'd' });

/** An endpoint that has failed for so long, without one success, is disabled. */
export const givenUpAfter = toSeconds({ time: 5, unit: 'd' });

/** How long one call may take, from the look-up of the name to the end of the answer. */
export const webhookDeadlineMs = 10_000;
/** How long a claim lasts: a call and its write-back fit in, and what a killed worker claimed is free again soon. */
export const webhookLease = toSeconds({ time: 30, unit: 's' });

const firstRetry = toSeconds({ time: 5, unit: 's' });
const longestRetry = toSeconds({ time: 1, unit: 'h' });

/** The pause after so many failures in a row (from 1), before jitter: 5 s, doubling up to an hour. */
export function retryAfter(failures: number): DurationSeconds {
  const seconds = firstRetry * 2 ** Math.min(failures - 1, 20);
  return seconds < longestRetry ? toSeconds({ time: seconds, unit: 's' }) : longestRetry;
}
