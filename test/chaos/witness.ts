/** What was going on when processes died. */
import type { Place } from './place.ts';

export type Witness = {
  /** Looks at this moment; nobody waits for it. */
  readonly look: () => void;
  /** Attempts to take something away that were under way at a death: each attempt once. `blind` deaths happened while the database was away. */
  readonly seen: { readonly removals: number; readonly blind: number };
};

export function createWitness(place: Place): Witness {
  const attempts = new Set<string>();
  let blind = 0;
  const look = async (): Promise<void> => {
    try {
      const rows = await place.read<{ id: string; fence: string }>(
        `select id, fence from rights where lane = 'take' and lease_until > clock_timestamp()`,
      );
      for (const { id, fence } of rows) attempts.add(`${id} ${fence}`);
    } catch {
      // Which is one of the troubles of the lane.
      blind += 1;
    }
  };
  return {
    look: () => void look(),
    get seen() {
      return { removals: attempts.size, blind };
    },
  };
}
