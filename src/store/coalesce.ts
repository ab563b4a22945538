type Waiting<Q, A> = {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
};

type Bounds<Q> = {
  /** How many are asked at once. */
  readonly most: number;
  /** How long others wait for questions that are under way, at most. */
  readonly patienceMs: number;
  /** Of questions for which this is the same, only one is asked at once. */
  readonly apart?: (question: Q) => string;
};

/**
 * Asks alone what comes alone, and together what comes while others are being asked: many callers, one round trip. Nobody
 * ever joins questions that were already asked, so an answer is never older than its question.
 *
 * `ask` answers in the order it was asked in. Where it throws, all that were asked together are told.
 */
export function coalesce<Q, A>(
  ask: (questions: readonly Q[]) => Promise<readonly A[]>,
  { most, patienceMs, apart }: Bounds<Q>,
): (question: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  /** Those who come now wait; undefined: nothing is under way that is worth waiting for. */
  let hold: NodeJS.Timeout | undefined;

  const answer = async (batch: readonly Waiting<Q, A>[]): Promise<void> => {
    try {
      const answers = await ask(batch.map(({ question }) => question));
      if (answers.length !== batch.length) throw new Error(`${batch.length} were asked, ${answers.length} answered`);
      answers.forEach((each, at) => batch[at]?.resolve(each));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  const release = (mine: NodeJS.Timeout): void => {
    if (hold !== mine) return;
    clearTimeout(mine);
    hold = undefined;
    if (waiting.length > 0) send();
  };
  const send = (): void => {
    const batch = choose(waiting, most, apart);
    waiting = waiting.filter((each) => !batch.has(each));
    clearTimeout(hold);
    // A connection that hangs must hang for nobody but those who are on it.
    const mine = setTimeout(() => release(mine), patienceMs);
    hold = mine;
    void answer([...batch]).then(() => release(mine));
  };
  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (hold === undefined || waiting.length >= most) send();
    });
}

/** Those who came first. */
function choose<Q, A>(waiting: readonly Waiting<Q, A>[], most: number, apart: Bounds<Q>['apart']): ReadonlySet<Waiting<Q, A>> {
  if (apart === undefined) return new Set(waiting.slice(0, most));
  const chosen = new Map<string, Waiting<Q, A>>();
  for (const each of waiting) {
    const name = apart(each.question);
    if (chosen.size < most && !chosen.has(name)) chosen.set(name, each);
  }
  return new Set(chosen.values());
}
