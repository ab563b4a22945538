import type { Work } from './app/use-cases.ts';

/**
 * After a stop, whatever is overdue is taken away before anything new is given. `isTaken` says that everything that was due at
 * the start has been tried at least once: a target that is away keeps its own rights overdue, and nobody else waiting.
 */
export function takeBacklogFirst<W extends Pick<Work, 'take' | 'give'>>(work: W): { readonly work: W; isTaken(): boolean } {
  let taken = false;
  return {
    work: {
      ...work,
      async take() {
        const looked = await work.take();
        if (taken) return looked;
        taken = true;
        return looked + (await work.give());
      },
      give: async () => (taken ? work.give() : 0),
    },
    isTaken: () => taken,
  };
}
