/**
 * The gate: which candidates may serve.
 *
 * A candidate that gives everybody nearly the same list has collapsed, whatever it scores: popular items are often right. How alike lists
 * are depends on how many items are left out as seen, so it is held against popularity, which has one order for all.
 *
 * A candidate has to beat popularity, measured on the same test part by the same ranking: whoever answers with the same list
 * to everybody needs no model. A tie is no win, and a candidate that nobody could be tested on is not let through on trust.
 *
 * The rules that are blended in give good and different lists beside a network that has collapsed or learned nothing, but memories,
 * profiles and reasons rest on the network. So it is judged without them too: it may not give one list, nor be surely worse than popularity.
 */
import type { ModelMetrics, RankingMetrics } from '../storage/model.entity.js';

/** Part of popularity's overlap from which on lists are nearly the same. */
const nearlySame = 0.8;
/** Where the lists of popularity show more of the catalogue, it is so small that all lists are alike. */
const smallCatalogue = 0.5;

export interface Verdict {
  readonly promote: boolean;
  /** one sentence, for the operator */
  readonly reason: string;
}

export function verdict({ testedUsers, model, modelWithoutBlend, popularity }: ModelMetrics): Verdict {
  if (testedUsers === 0 || model === undefined || popularity === undefined) {
    return { promote: false, reason: 'no user could be tested: each needs at least three interactions' };
  }
  const fault = sameList(model, popularity) ?? networkFault(modelWithoutBlend, popularity);
  if (fault !== null) return { promote: false, reason: fault };
  const figures = `NDCG@10 ${model.ndcgAt10.toFixed(4)} against ${popularity.ndcgAt10.toFixed(4)} of popularity, ${testedUsers} users`;
  return model.ndcgAt10 > popularity.ndcgAt10
    ? { promote: true, reason: `better than popularity: ${figures}` }
    : { promote: false, reason: `not better than popularity: ${figures}` };
}

/** Null: its lists differ, or were not compared. */
function sameList(system: RankingMetrics, popularity: RankingMetrics): string | null {
  if (system.overlap === undefined || popularity.overlap === undefined) return null;
  if ((popularity.coverage ?? 1) >= smallCatalogue || system.overlap < nearlySame * popularity.overlap) return null;
  const alike = `two users share ${percent(system.overlap)} of their top ten, by popularity ${percent(popularity.overlap)}`;
  return `everybody gets nearly the same list: ${alike}; ${percent(system.coverage)} of the catalogue is shown`;
}

/** Null: it has learned something, or was not measured without the rules. */
function networkFault(network: RankingMetrics | undefined, popularity: RankingMetrics): string | null {
  if (network === undefined) return null;
  const fault = sameList(network, popularity);
  if (fault !== null) return `without the rules ${fault}`;
  const { ndcgAt10, ndcgAt10Interval: [, high] = [] } = network;
  if (high === undefined || high >= popularity.ndcgAt10) return null;
  const atMost = `NDCG@10 ${ndcgAt10.toFixed(4)}, at most ${high.toFixed(4)}`;
  return `the network has learned nothing: without the rules ${atMost}, popularity ${popularity.ndcgAt10.toFixed(4)}`;
}

function percent(share: number | undefined): string {
  return `${(100 * (share ?? 0)).toFixed(1)} %`;
}
