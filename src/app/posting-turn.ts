import type { Org, RequestId } from '../domain/ids.ts';
import { type Posting, posting, postingKey } from '../domain/posting.ts';
import type { PostedMessage } from './notices-store.ts';
import type { MessageRef, Messenger, PostWitness } from './ports.ts';
import type { Store } from './store.ts';

/** One process' turn at messages that nobody else posts meanwhile. */
export type PostingTurn<Claim> = {
  claim(): Claim;
  /** Right before something goes out, because waiting for its turn there takes time. @throws where somebody else took over */
  hold(): Promise<void>;
};

/** @param renew  undefined where somebody else has it now */
export function takeTurn<Claim>(claimed: Claim, renew: (claim: Claim) => Promise<Claim | undefined>): PostingTurn<Claim> {
  let claim = claimed;
  return {
    claim: () => claim,
    async hold() {
      const renewed = await renew(claim);
      if (renewed === undefined) throw new Error('somebody else posts this now');
      claim = renewed;
    },
  };
}

/** Writes an attempt down before it is made, so that it is looked for and not repeated if we do not live to hear of it. */
export const witness = (turn: Pick<PostingTurn<unknown>, 'hold'>, record: PostWitness): PostWitness => ({
  async begin(channel) {
    await turn.hold();
    await record.begin(channel);
  },
  refused: () => record.refused(),
});

/**
 * Looks for messages that may have been posted without our learning of it, and adds them to those that are known.
 * One that nobody can look for counts as not posted: twice is better than never.
 * @returns the names of those that are still in doubt, and why: they are not to be posted now.
 */
export async function settleAttempts(
  { store, org, messenger }: { readonly store: Store; readonly org: Org; readonly messenger: Messenger },
  id: RequestId,
  known: Map<string, PostedMessage>,
): Promise<ReadonlyMap<string, unknown>> {
  const doubts = new Map<string, unknown>();
  for (const attempt of await store.postAttempts(org, id)) {
    const key = postingKey(attempt.posting);
    try {
      const ref = await messenger.find(id, attempt, threadOf(attempt.posting, known));
      if (ref === undefined) await store.endAttempt(org, id, attempt.posting);
      else {
        // What it shows is what was true then: this name of no digest has it redrawn.
        const message = { posting: attempt.posting, ref, shown: '' };
        await store.keepMessage(org, id, message);
        known.set(key, message);
      }
    } catch (error) {
      doubts.set(key, error);
    }
  }
  return doubts;
}

/** A reminder stands below the message that it reminds of. */
export function threadOf({ slot, to }: Posting, known: ReadonlyMap<string, PostedMessage>): MessageRef | undefined {
  const below =
    slot === 'unreviewed' ? 'breakglass' : slot === 'reminder' || slot === 'nudge' || slot === 'question' ? 'approval' : undefined;
  return below === undefined ? undefined : known.get(postingKey(posting(below, to)))?.ref;
}
