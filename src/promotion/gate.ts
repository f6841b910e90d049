/**
 * The gate: which candidates may serve.
 *
 * A candidate that gives everybody nearly the same list has collapsed, whatever it scores: popular items are often right. How alike lists
 * are depends on how many items are left out as seen, so it is held against popularity, which has one order for all.
 *
 * A candidate has to beat popularity, measured on the same test part by the same ranking: whoever answers with the same list
 * to everybody needs no model. A tie is no win, and a candidate that nobody could be tested on is not let through on trust.
 */
import type { ModelMetrics, RankingMetrics } from '../storage/model.entity.js';

/** Part of popularity's overlap from which on lists are nearly the same. */
const nearlySame = 0.9;
/** Where the lists of popularity show more of the catalogue, it is so small that all lists are alike. */
const smallCatalogue = 0.5;

export interface Verdict {
  readonly promote: boolean;
  /** one sentence, for the operator */
  readonly reason: string;
}

export function verdict({ testedUsers, model, popularity }: ModelMetrics): Verdict {
  if (testedUsers === 0 || model === undefined || popularity === undefined) {
    return { promote: false, reason: 'no user could be tested: each needs at least three interactions' };
  }
  if (hasCollapsed(model, popularity)) {
    const alike = `two users share ${percent(model.overlap)} of their top ten, by popularity ${percent(popularity.overlap)}`;
    const reason = `everybody gets nearly the same list: ${alike}; ${percent(model.coverage)} of the catalogue is shown`;
    return { promote: false, reason };
  }
  const figures = `NDCG@10 ${model.ndcgAt10.toFixed(4)} against ${popularity.ndcgAt10.toFixed(4)} of popularity, ${testedUsers} users`;
  return model.ndcgAt10 > popularity.ndcgAt10
    ? { promote: true, reason: `better than popularity: ${figures}` }
    : { promote: false, reason: `not better than popularity: ${figures}` };
}

/** Models whose lists were not compared are not judged by it. */
function hasCollapsed(model: RankingMetrics, popularity: RankingMetrics): boolean {
  if (model.overlap === undefined || popularity.overlap === undefined) return false;
  return (popularity.coverage ?? 1) < smallCatalogue && model.overlap >= nearlySame * popularity.overlap;
}

function percent(share: number | undefined): string {
  return `${(100 * (share ?? 0)).toFixed(1)} %`;
}
