/**
 * Sizes of the network, and the letters that name them at line ends.
 *
 *   B users of a batch   T events of a sequence   S slots   d width   N rows of the item table (row 0: an item unknown to the model)
 *   A attributes         L blocks
 */
export interface Dimensions {
  /** d: width of embeddings, hidden state, keys and values */
  readonly width: number;
  /** S: memory slots a user */
  readonly slots: number;
  /** L: GRU blocks */
  readonly blocks: number;
  /** N - 1: items of the vocabulary; the table has one row more */
  readonly items: number;
  /** A: item attributes (categories) that have a vector; 0 switches them off */
  readonly attributes: number;
}

/** How many of a user's last items are kept for the rules blend. */
export const recentItems = 10;

/** Numbers kept a user: the hidden state of each block, then keys [S d], then values [S d]. */
export function stateSize({ width, slots, blocks }: Dimensions): number {
  return blocks * width + 2 * slots * width;
}

/** Bytes kept a user: the numbers as f16 and the last items as 32-bit rows. */
export function stateBytes(dimensions: Dimensions): number {
  return 2 * stateSize(dimensions) + 4 * recentItems;
}
