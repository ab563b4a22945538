import type { DriftPlace } from '../app/drift-notices-store.ts';
import type { RequestId } from '../domain/ids.ts';
import { type Posting, postingKey } from '../domain/posting.ts';

/** The metadata by which we know a message again. Other apps can read it, so it holds ids only. */
export type MessageMark = { readonly event_type: string; readonly event_payload: Readonly<Record<string, string>> };

export const messageMark = (request: RequestId, posting: Posting): MessageMark => ({
  event_type: 'curfew_request',
  event_payload: { request, posting: postingKey(posting) },
});

/** In one conversation there is one message of a notice. */
export const driftMark = (notice: string, place: DriftPlace): MessageMark => ({
  event_type: 'curfew_drift',
  event_payload: { notice, place: place === undefined ? 'channel' : 'person' },
});
