/**
 * Sizes and switches of the network, and the letters that name them at line ends.
 *
 *   B users of a batch   T events of a sequence   S slots   d width   N rows of the item table (row 0: an item unknown to the model)
 *   A attributes         L blocks             H heads   d / H width of a head
 */
export interface Dimensions {
  /** d: width of embeddings, hidden state, keys and values */
  readonly width: number;
  /** S: memory slots a user; 0: no memory, the read is zero */
  readonly slots: number;
  /** L: GRU blocks */
  readonly blocks: number;
  /** N - 1: items of the vocabulary; the table has one row more */
  readonly items: number;
  /** A: item attributes (categories) that have a vector; 0 switches them off */
  readonly attributes: number;
  /** H: parts that keys and values are split in, each with gates and an attention of its own; divides the width */
  readonly heads: number;
  /** kinds of interactions that have a vector; 0 switches them off */
  readonly kinds: number;
  /** buckets of time gaps that have a vector, besides that of a user's first event; 0 switches them off */
  readonly gaps: number;
  /** length that each item's vector is scaled to where it scores, so that no item is liked for its length alone; 0: as it is */
  readonly outputLength: number;
}

/** How many of a user's last items are kept for the rules blend. */
export const recentItems = 10;

/** Numbers kept a user: the hidden state of each block, then keys [H S d/H], then values [H S d/H]. */
export function stateSize({ width, slots, blocks }: Pick<Dimensions, 'width' | 'slots' | 'blocks'>): number {
  return blocks * width + 2 * slots * width;
}

/** Integers kept of a user's last event beside its row: the kind and the gap's bucket, each where it is switched on. */
export function contextSize({ kinds, gaps }: Pick<Dimensions, 'kinds' | 'gaps'>): number {
  return (kinds > 0 ? 1 : 0) + (gaps > 0 ? 1 : 0);
}

/** Bytes kept a user: the numbers as f16, the last items as 32-bit rows, and the last event's context as 32-bit integers. */
export function stateBytes(dimensions: Parameters<typeof stateSize>[0] & Parameters<typeof contextSize>[0]): number {
  return 2 * stateSize(dimensions) + 4 * (recentItems + contextSize(dimensions));
}
