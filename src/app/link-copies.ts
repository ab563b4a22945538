/** The copies of an approval message lead to the message in the channel. */
import type { Org, RequestId } from '../domain/ids.ts';
import { type Posting, postingKey } from '../domain/posting.ts';
import type { PostedMessage } from './notices-store.ts';
import type { Messenger } from './ports.ts';
import type { Store } from './store.ts';

type LinkDeps = { readonly store: Store; readonly org: Org; readonly messenger: Messenger };

/** What approvers decide on, outside of a channel. */
export const isCopy = ({ slot, to }: Posting): boolean => (slot === 'approval' || slot === 'escalation') && to.kind === 'person';
/** What copies lead to. */
export const isOriginal = ({ slot, to }: Posting): boolean => slot === 'approval' && to.kind !== 'person';

/**
 * Answers with the address of the message in the channel, as far as there is one by then. It is asked for once, because it never
 * changes; where the call fails, copies do without, and `failed` is told so that another turn mends them.
 */
export function createLinks(
  { store, org, messenger }: LinkDeps,
  id: RequestId,
  known: Map<string, PostedMessage>,
  failed: (error: unknown) => void,
): () => Promise<string | undefined> {
  const asked = new Set<string>();
  return async () => {
    // By name, so that it is the same one every time.
    const [original] = [...known].filter(([, { posting }]) => isOriginal(posting)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    if (original === undefined) return undefined;
    const [key, message] = original;
    if (message.link !== undefined || asked.has(key)) return message.link;
    asked.add(key);
    try {
      const link = await messenger.linkTo(message.ref);
      if (link === undefined) return undefined;
      await store.keepLink(org, id, message.posting, link);
      known.set(key, { ...message, link });
      return link;
    } catch (error) {
      failed(error);
      return undefined;
    }
  };
}

/** Those that were posted before the message in the channel was. */
export const copiesIn = (postings: readonly Posting[], known: ReadonlyMap<string, PostedMessage>): readonly Posting[] =>
  postings.filter((each) => isCopy(each) && known.has(postingKey(each)));
