/** MovieLens ml-latest-small cut by each user's time: a log of the first ratings, and what followed. */
import { readFilms, readRatings, type Rating } from '../../src/cli/demo/movielens.js';
import { SequenceCollector, type SequenceLog } from '../../src/training/log/sequences.js';

/** Of the same users in the same order. */
export interface LaterRatings {
  readonly offsets: Int32Array;
  readonly itemIds: readonly string[];
  readonly values: Float32Array;
}

export function ratingLogs(share: number): { readonly log: SequenceLog; readonly later: LaterRatings } {
  const categories = new Map(readFilms().map(({ id, categories }) => [id, categories]));
  const byUser = Map.groupBy(readRatings(), ({ userId }) => userId);
  const collector = new SequenceCollector();
  const later: Rating[] = [];
  const offsets = [0];
  for (const ratings of byUser.values()) {
    const count = Math.floor(share * ratings.length);
    for (const { itemId, kind, value, occurredAt } of ratings.slice(0, count)) {
      collector.add(itemId, { kind, value, occurredAt: Date.parse(occurredAt) });
    }
    collector.endUser();
    later.push(...ratings.slice(count));
    offsets.push(later.length);
  }
  return {
    log: collector.finish((itemId) => categories.get(itemId) ?? []),
    later: {
      offsets: Int32Array.from(offsets),
      itemIds: later.map(({ itemId }) => itemId),
      values: Float32Array.from(later, ({ value }) => value),
    },
  };
}
