/**
 * What the one who asks wants of an answer besides the best score. A rule is part of the request, never of the model; each item of
 * the answer tells by name which rules placed it.
 *
 *   boosts        items of a filter have their odds multiplied by a factor: log factor is added to the score, over the whole catalogue
 *   rotation      items that this user was shown lately have theirs multiplied by a factor for each time
 *   exploration   weight x Gumbel noise is added to the score: with weight 1 the order is drawn from the model's own distribution
 *   pins          an item stands at a rank, if it may be answered
 *   promoted      of the first n items, for each n, at least share x n (rounded down) are of a filter
 *   caps          at most so many items that have a category, or a value of a property, in common
 *   diversity     the next item is the one with the largest (1 - w) x relevance - w x nearness to what stands above it (MMR, Carbonell
 *                 and Goldstein 1998); relevance falls from 1 to 0 along the order by score
 *
 * No rule brings in what may not be answered: filter, block list, seen items and availability hold for all of them.
 */
import type { ItemFilter } from '../filter/item-filter.js';

interface Named {
  /** what the items of the answer call it */
  readonly name: string;
}

export interface Boost extends Named {
  readonly filter: ItemFilter;
  /** above 0; below 1 it lowers */
  readonly factor: number;
}

export interface Pin extends Named {
  readonly itemId: string;
  /** from 1 on; no two pins share one */
  readonly rank: number;
}

export interface Promoted extends Named {
  readonly filter: ItemFilter;
  /** 0..1 */
  readonly share: number;
}

export interface Cap extends Named {
  /** null: its categories */
  readonly property: string | null;
  /** items with one value in common, at least 1 */
  readonly most: number;
}

export interface Rotation extends Named {
  readonly withinHours: number;
  /** above 0, below 1 */
  readonly factor: number;
}

export interface Exploration extends Named {
  /** above 0 */
  readonly weight: number;
  /** the same seed gives the same order */
  readonly seed: string;
}

export interface Diversity extends Named {
  /** 0..1 */
  readonly weight: number;
}

export interface Rules {
  readonly boosts: readonly Boost[];
  readonly pins: readonly Pin[];
  readonly promoted: Promoted | null;
  readonly caps: readonly Cap[];
  readonly rotation: Rotation | null;
  readonly exploration: Exploration | null;
  readonly diversity: Diversity | null;
}
