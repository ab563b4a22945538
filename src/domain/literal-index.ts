/** Finds which of many texts occur in a given one, without trying each. */

/** Texts are filed under one piece of this many UTF-16 units, shorter ones as a whole. */
const pieceLength = 4;

export type LiteralIndex<T> = {
  /** How many would be looked at for a text that holds the piece under which `literal` would be filed now. */
  crowd(literal: string): number;
  /** @param literal not empty */
  add(literal: string, item: T): void;
  /** Calls `found` with each item whose literal occurs in the text, maybe more than once. */
  search(text: string, found: (item: T) => void): void;
  forEach(visit: (item: T) => void): void;
};

export function createLiteralIndex<T>(): LiteralIndex<T> {
  const shelves = new Map<string, { readonly literal: string; readonly item: T }[]>();
  const lengths = new Set<number>();
  const crowdOf = (piece: string): number => shelves.get(piece)?.length ?? 0;
  // Names share beginnings and ends; the piece that fewest others are filed under tells most.
  const rarest = (literal: string): string => {
    let best = literal.slice(0, pieceLength);
    for (let at = 1; at + pieceLength <= literal.length && crowdOf(best) > 0; at++) {
      const piece = literal.slice(at, at + pieceLength);
      if (crowdOf(piece) < crowdOf(best)) best = piece;
    }
    return best;
  };
  return {
    crowd: (literal) => crowdOf(rarest(literal)),
    add(literal, item) {
      const piece = rarest(literal);
      lengths.add(piece.length);
      const shelf = shelves.get(piece);
      if (shelf === undefined) shelves.set(piece, [{ literal, item }]);
      else shelf.push({ literal, item });
    },
    search(text, found) {
      for (const length of lengths)
        for (let at = 0; at + length <= text.length; at++)
          for (const each of shelves.get(text.slice(at, at + length)) ?? []) if (text.includes(each.literal)) found(each.item);
    },
    forEach(visit) {
      for (const shelf of shelves.values()) for (const each of shelf) visit(each.item);
    },
  };
}
