/**
 * Popularity: the items' daily counts in a window, each times the weight of its kind. Kinds of negative polarity (a dislike, a skip)
 * do not make an item popular and count only where they are asked for by name.
 *
 * A ranking is kept for `refreshMs`, or for 20 times as long as it took to make, so that a big catalogue can't be slowed down by it.
 */
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { popularItems } from '../storage/popularity-read.store.js';
import type { Candidate } from './answer.js';

/** Items that a ranking holds at most; behind them come the latest. */
export const longest = 10_000;
/** Rankings that are kept at most. */
const kept = 50;

interface Ranking {
  readonly candidates: Promise<readonly Candidate[]>;
  freshUntil: number;
}

@Injectable()
export class Popularity {
  private readonly rankings = new Map<string, Ranking>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** The most popular items of the last days (null: of all time), counting these kinds (null: all but the negative). */
  async ranking(windowDays: number | null, kinds: readonly string[] | null): Promise<readonly Candidate[]> {
    const weights = this.weightsOf(kinds);
    const name = JSON.stringify([windowDays, [...weights.keys()]]);
    const known = this.rankings.get(name);
    if (known !== undefined && known.freshUntil > Date.now()) return known.candidates;
    const began = Date.now();
    const ranking: Ranking = { candidates: this.read(weights, windowDays), freshUntil: Infinity };
    this.rankings.delete(name);
    this.rankings.set(name, ranking);
    for (const oldest of this.rankings.keys()) {
      if (this.rankings.size <= kept) break;
      this.rankings.delete(oldest);
    }
    try {
      const candidates = await ranking.candidates;
      ranking.freshUntil = Date.now() + Math.max(this.config.refreshMs, 20 * (Date.now() - began));
      return candidates;
    } catch (error) {
      if (this.rankings.get(name) === ranking) this.rankings.delete(name);
      throw error;
    }
  }

  /** The same of these items alone, made anew: for those of a filter that are behind the end of a ranking. */
  async among(
    itemIds: readonly string[],
    windowDays: number | null,
    kinds: readonly string[] | null,
  ): Promise<readonly Candidate[]> {
    return this.read(this.weightsOf(kinds), windowDays, itemIds);
  }

  private weightsOf(kinds: readonly string[] | null): ReadonlyMap<string, number> {
    if (kinds === null) {
      const counted = Object.entries(this.config.kinds).filter(([, rule]) => rule.polarity !== 'negative');
      return new Map(counted.map(([kind, rule]) => [kind, rule.weight]));
    }
    return new Map([...new Set(kinds)].sort().map((kind) => [kind, this.config.kinds[kind]?.weight ?? 0]));
  }

  private async read(
    weights: ReadonlyMap<string, number>,
    windowDays: number | null,
    among: readonly string[] | null = null,
  ): Promise<readonly Candidate[]> {
    const items = await popularItems(this.dataSource.manager, weights, windowDays, longest, among);
    return items.map(({ itemId, score }) => ({ itemId, score, source: 'POPULAR' }));
  }
}
