/** Looks for a message of ours whose posting we never heard the end of. */
import type { WebClient } from '@slack/web-api';
import type { Log, MessageRef, PostAttempt } from '../app/ports.ts';
import { apiError, isPassing } from './api-error.ts';
import type { MessageMark } from './message-mark.ts';
import type { Pace } from './pace.ts';

/** Slack's clock and the database's may differ by so much. */
const skewMs = 5 * 60_000;
const pageSize = 200;
const mostPages = 20;

export type FindMarked = (
  mark: MessageMark,
  attempt: Pick<PostAttempt, 'channel' | 'startedAt'>,
  under: MessageRef | undefined,
) => Promise<MessageRef | undefined>;

/** Undefined also where Slack does not let us look, for want of an optional scope: that is logged, and the message may stand twice. */
export function createFindMessage(client: WebClient, botId: string, pace: Pace, log: Log): FindMarked {
  return async (mark, { channel, startedAt }, under) => {
    const range = { channel, oldest: ((startedAt - skewMs) / 1000).toFixed(6), limit: pageSize, include_all_metadata: true };
    const readPage = (cursor: string | undefined) => {
      const asked = { ...range, ...(cursor === undefined ? {} : { cursor }) };
      return under?.channel === channel
        ? pace.run('conversations.replies', undefined, () => client.conversations.replies({ ...asked, ts: under.ts }))
        : pace.run('conversations.history', undefined, () => client.conversations.history(asked));
    };
    const cannotTell = (why: string): undefined => {
      const fields = { why, ...mark.event_payload, channel };
      log.warn(fields, 'it cannot be told whether a message was posted; it is posted again and may stand there twice');
    };
    try {
      let cursor: string | undefined;
      for (let pages = 0; pages < mostPages; pages++) {
        const page = await readPage(cursor);
        const found = page.messages?.find((message) => message.bot_id === botId && isMarked(message.metadata, mark));
        if (found?.ts !== undefined) return { channel, ts: found.ts };
        cursor = page.response_metadata?.next_cursor;
        if (cursor === undefined || cursor === '') return undefined;
      }
      return cannotTell('too much was said since');
    } catch (error) {
      const why = apiError(error);
      if (why === undefined || isPassing(why)) throw error;
      return cannotTell(why);
    }
  };
}

function isMarked(metadata: { event_type?: string; event_payload?: unknown } | undefined, mark: MessageMark): boolean {
  const payload = metadata?.event_payload;
  if (metadata?.event_type !== mark.event_type || typeof payload !== 'object' || payload === null) return false;
  const said = new Map<string, unknown>(Object.entries(payload));
  return Object.entries(mark.event_payload).every(([name, value]) => said.get(name) === value);
}
