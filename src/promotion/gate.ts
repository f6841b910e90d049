/**
 * The gate: which candidates may serve.
 *
 * A candidate has to beat popularity, measured on the same test part by the same ranking: whoever answers with the same list
 * to everybody needs no model. A tie is no win, and a candidate that nobody could be tested on is not let through on trust.
 */
import type { ModelMetrics } from '../storage/model.entity.js';

export interface Verdict {
  readonly promote: boolean;
  /** one sentence, for the operator */
  readonly reason: string;
}

export function verdict({ testedUsers, model, popularity }: ModelMetrics): Verdict {
  if (testedUsers === 0 || model === undefined || popularity === undefined) {
    return { promote: false, reason: 'no user could be tested: each needs at least three interactions' };
  }
  const figures = `NDCG@10 ${model.ndcgAt10.toFixed(4)} against ${popularity.ndcgAt10.toFixed(4)} of popularity, ${testedUsers} users`;
  return model.ndcgAt10 > popularity.ndcgAt10
    ? { promote: true, reason: `better than popularity: ${figures}` }
    : { promote: false, reason: `not better than popularity: ${figures}` };
}
