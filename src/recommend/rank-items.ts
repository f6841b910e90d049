/**
 * The order of given items for somebody: those that the network scores first, as `recommendations` scores them, then by how popular they
 * are, then by their newness. Nothing else is answered, and every entry that has no place says why.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { latestAmong, loadItems } from '../storage/item-read.store.js';
import type { Answer, Candidate, LeftOut, ShortfallCause } from './answer.js';
import { noReason } from './answering.js';
import { chain } from './candidates.js';
import { Catalogue } from './catalogue.js';
import { take, type Exclusion } from './eligibility.js';
import { Popularity } from './popularity.js';
import { Standings, type Encoded, type SessionInteraction, type Standing } from './standing.js';
import type { Wish } from './wish.js';

export type RankWish = Pick<Wish, 'seen' | 'wanted'>;

/** What a shortfall is called by, the first that any item is left out for. */
const causes: readonly (readonly [LeftOut['reason'], ShortfallCause])[] = [
  ['SEEN', 'SEEN'],
  ['FILTER', 'FILTER'],
  ['BLOCKED', 'FILTER'],
];

@Injectable()
export class RankItems {
  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: Catalogue,
    private readonly popularity: Popularity,
    private readonly standings: Standings,
  ) {}

  async forUser(userId: string, itemIds: readonly string[], wish: RankWish): Promise<Answer> {
    return this.rank(itemIds, await this.standings.ofUser(userId, wish.seen), wish);
  }

  /** For a visitor, by what he did, the oldest first. */
  async forSession(
    sequence: readonly SessionInteraction[],
    itemIds: readonly string[],
    wish: RankWish,
  ): Promise<Answer> {
    return this.rank(itemIds, this.standings.ofSession(sequence, wish.seen), wish);
  }

  private async rank(itemIds: readonly string[], { known, seen, encoded }: Standing, wish: RankWish): Promise<Answer> {
    const ids = new Set(itemIds);
    const exclusion: Exclusion = { ...seen, besides: null, selection: this.catalogue.held.selectionOf(wish.wanted) };
    const isEncoded = typeof encoded !== 'string';
    const candidates = chain(isEncoded ? [this.scored(encoded, ids)] : [], this.popular(ids), this.latest(ids));
    const { items } = await take(this.dataSource.manager, candidates, ids.size, exclusion);
    const placed = new Set(items.map(({ item }) => item.id));
    const leftOut = [
      ...(await this.reasons(
        [...ids].filter((id) => !placed.has(id)),
        exclusion,
      )),
      ...repeated(itemIds),
    ];
    const missing = ids.size - items.length;
    const [, cause] = causes.find(([reason]) => leftOut.some((one) => one.reason === reason)) ?? [];
    const first = items[0]?.source ?? 'LATEST';
    return {
      id: randomUUID(),
      source: first === 'CONTENT' && isEncoded ? encoded.source : first,
      fallbackReason: isEncoded ? null : encoded,
      modelVersion: isEncoded ? encoded.live.version : null,
      ...known,
      shortfall: missing === 0 ? null : { missing, cause: cause ?? 'CATALOGUE_EXHAUSTED' },
      items,
      leftOut,
      because: isEncoded ? encoded.because : noReason,
    };
  }

  /** Best first, of equal scores as given. */
  private scored({ live, state, source }: Encoded, ids: ReadonlySet<string>): readonly Candidate[] {
    const u = live.network.query(state);
    const placed = this.catalogue.placedFor(live);
    const candidates = Array.from(ids).flatMap((itemId): Candidate[] => {
      const row = live.network.vocabulary.rowOf(itemId);
      if (row > 0) return [{ itemId, score: live.network.scoreOf(state, u, row), source }];
      const score = placed?.scoreOf(itemId, u) ?? null;
      return score === null ? [] : [{ itemId, score, source: 'CONTENT' }];
    });
    return candidates.sort((a, b) => b.score - a.score);
  }

  private async *popular(ids: ReadonlySet<string>): AsyncGenerator<readonly Candidate[]> {
    yield (await this.popularity.ranking(null, null)).filter(({ itemId }) => ids.has(itemId));
  }

  private async *latest(ids: ReadonlySet<string>): AsyncGenerator<readonly Candidate[]> {
    const places = await latestAmong(this.dataSource.manager, [...ids]);
    yield places.map(({ id, createdAt }) => ({ itemId: id, score: createdAt.getTime() / 1_000, source: 'LATEST' }));
  }

  private async reasons(ids: readonly string[], { seenBy, items, selection }: Exclusion): Promise<readonly LeftOut[]> {
    if (ids.length === 0) return [];
    const rows = new Map((await loadItems(this.dataSource.manager, ids)).map((row) => [row.id, row]));
    const now = Date.now();
    return ids.map((itemId) => {
      const row = rows.get(itemId);
      if (row === undefined) return { itemId, reason: 'UNKNOWN' };
      if (!row.available || (row.expiresAt?.getTime() ?? Infinity) <= now) return { itemId, reason: 'NOT_AVAILABLE' };
      if (selection.isBlocked(itemId)) return { itemId, reason: 'BLOCKED' };
      if (!selection.letsRow(row)) return { itemId, reason: 'FILTER' };
      return { itemId, reason: seenBy !== null || items.has(itemId) ? 'SEEN' : 'NOT_AVAILABLE' }; // it was a moment ago
    });
  }
}

/** Those that are given more than once, each once. */
function repeated(itemIds: readonly string[]): readonly LeftOut[] {
  const once = new Set<string>();
  const twice = new Set(itemIds.filter((id) => once.has(id) || !once.add(id)));
  return Array.from(twice, (itemId) => ({ itemId, reason: 'REPEATED' }));
}
