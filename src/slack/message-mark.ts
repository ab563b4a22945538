import type { RequestId } from '../domain/ids.ts';
import { type Posting, postingKey } from '../domain/posting.ts';

/** The metadata by which we know a message again. Other apps can read it, so it holds ids only. */
export const messageMark = (request: RequestId, posting: Posting) => ({
  event_type: 'curfew_request',
  event_payload: { request, posting: postingKey(posting) },
});
