/**
 * From candidates to an answer. What the first source can't fill goes on with what is popular (the last 30 days, then all time) and
 * then with what is new. Every item says which of these placed it; the answer says why, and what it lacks.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  noMemory,
  type Answer,
  type Candidate,
  type FallbackReason,
  type RankedItem,
  type Reasons,
  type Source,
} from './answer.js';
import { latestItems } from '../storage/item-read.store.js';
import { chain, latestCandidates, letPass, listed, type Candidates } from './candidates.js';
import { Catalogue } from './catalogue.js';
import { take, type Exclusion } from './eligibility.js';
import { place, type Sources } from './placing.js';
import { longest, Popularity } from './popularity.js';
import type { Boost } from './rules/rules.js';
import type { Selection } from './selection.js';
import type { Wish } from './wish.js';

/** What an answer rests on, besides its items. */
export interface Basis {
  /** what places the items, as far as it can */
  readonly source: Source;
  readonly fallbackReason: FallbackReason | null;
  readonly modelVersion: number | null;
  readonly interactionsSeen: number;
  readonly memoryUpdatedAt: Date | null;
  readonly awaitsReplay: boolean;
  readonly because: () => Promise<Reasons>;
}

/** The window that a fallback asks first; behind it comes all time. */
const recentDays = 30;
/** Items of an answer that are read in pages at most, and with rules. */
const longestRead = 1_000;
const longestRuled = 200;
/** Items of a filter whose counts are looked up by themselves. */
const mostAmong = 100_000;

export const noReason = (): Promise<Reasons> => Promise.resolve({ of: () => [] });

/** For whom, and what he wants of it. */
export interface Asked extends Pick<Wish, 'first' | 'rules'> {
  readonly exclusion: Exclusion;
  /** null: nobody who is known */
  readonly userId: string | null;
}

/** What a model, or a visitor's list, places; behind it come the popular and the latest. */
export interface Scored {
  of(count: number, selection: Selection, boosts: readonly Boost[]): Candidates;
  readonly vectorOf: (itemId: string) => Float32Array | null;
}

const nothingScored: Scored = { of: () => [], vectorOf: () => null };

@Injectable()
export class Answering {
  constructor(
    private readonly dataSource: DataSource,
    private readonly popularity: Popularity,
    private readonly catalogue: Catalogue,
  ) {}

  /** What is scored first, then the popular, then the latest. */
  async filled(scored: Scored, { first, rules, exclusion, userId }: Asked, basis: Basis): Promise<Answer> {
    const tx = this.dataSource.manager;
    const { held } = this.catalogue;
    const boosts = rules?.boosts ?? [];
    const sources: Sources = {
      of: (count, promoted) => {
        const { selection } =
          promoted === null ? exclusion : { selection: held.narrowed(exclusion.selection, promoted) };
        const popular = this.popular(count, selection, boosts);
        return chain(scored.of(count, selection, boosts), popular, this.latest(count, selection));
      },
      vectorOf: scored.vectorOf,
    };
    const { items, shortfall } = await place(tx, sources, first, rules, exclusion, userId);
    const placed = items.find(({ source }) => source !== 'RULE')?.source ?? basis.source;
    const source = placed === 'CONTENT' ? basis.source : placed; // it rests on the same, whatever the model knows of the first item
    const fallbackReason = basis.fallbackReason ?? (source === basis.source ? null : 'NO_SCORED_ITEMS');
    const rest = async (): Promise<readonly RankedItem[]> => {
      if (shortfall !== null) return [];
      const answered = new Set(items.map(({ item }) => item.id));
      const all = await place(tx, sources, rules === null ? longestRead : longestRuled, rules, exclusion, userId);
      return all.items.filter(({ item }) => !answered.has(item.id));
    };
    return { id: randomUUID(), ...basis, because: once(basis.because), source, fallbackReason, shortfall, items, rest };
  }

  /** Popular and latest items alone, and why it is these. */
  async fallback(
    fallbackReason: FallbackReason,
    asked: Asked,
    known: Pick<Basis, 'interactionsSeen' | 'memoryUpdatedAt' | 'awaitsReplay'> = { interactionsSeen: 0, ...noMemory },
  ): Promise<Answer> {
    return this.filled(nothingScored, asked, {
      source: 'POPULAR',
      fallbackReason,
      modelVersion: null,
      ...known,
      because: noReason,
    });
  }

  /** What is popular in a window, by these kinds; not filled with anything else. */
  async popularItems(
    { first, wanted }: Pick<Wish, 'first' | 'wanted'>,
    windowDays: number | null,
    kinds: readonly string[] | null,
  ): Promise<Answer> {
    const selection = this.catalogue.held.selectionOf(wanted);
    const { items, shortfall } = await take(
      this.dataSource.manager,
      this.counted(windowDays, kinds, first, selection),
      first,
      { seenBy: null, items: new Set(), besides: null, selection },
      'NOT_COUNTED',
    );
    const basis = { fallbackReason: null, modelVersion: null, interactionsSeen: 0, ...noMemory };
    return { id: randomUUID(), source: 'POPULAR', ...basis, because: noReason, shortfall, items };
  }

  private async *popular(
    first: number,
    selection: Selection,
    boosts: readonly Boost[],
  ): AsyncGenerator<readonly Candidate[]> {
    for (const days of [recentDays, null]) yield* this.counted(days, null, first, selection, boosts);
  }

  /** The most popular that a selection lets pass: out of those of all, and where these end before it has no more, out of its own. */
  private async *counted(
    windowDays: number | null,
    kinds: readonly string[] | null,
    first: number,
    selection: Selection,
    boosts: readonly Boost[] = [],
  ): AsyncGenerator<readonly Candidate[]> {
    const ranking = await this.popularity.ranking(windowDays, kinds);
    yield* letPass(listed(this.boosted(ranking, boosts), first), selection);
    if (selection.isOpen || ranking.length < longest) return;
    const own = this.catalogue.held.idsOf(selection, mostAmong);
    yield* listed(this.boosted(await this.popularity.among(own, windowDays, kinds), boosts), first);
  }

  /** All items from Postgres, or those of a selection out of the catalogue in memory, which need not look at all the others. */
  private latest(count: number, selection: Selection): Candidates {
    const { manager } = this.dataSource;
    const { held } = this.catalogue;
    return latestCandidates(
      selection.isOpen
        ? async (size, after) => latestItems(manager, size, after)
        : (size, after) => held.latest(selection, size, after),
      count,
    );
  }

  /** Counts times the factors; the scores stay the counts. */
  private boosted(ranking: readonly Candidate[], boosts: readonly Boost[]): readonly Candidate[] {
    const { held } = this.catalogue;
    const shiftOf = held.shiftBy(boosts);
    if (shiftOf === null) return ranking;
    return ranking
      .map((candidate) => ({
        candidate,
        worth: Math.log(candidate.score) + shiftOf(held.columns.indexOf(candidate.itemId) ?? -1),
      }))
      .sort((a, b) => b.worth - a.worth)
      .map(({ candidate }) => candidate);
  }
}

/** The reasons are asked for by the answer and by each of its items, and made once. */
function once<V>(make: () => Promise<V>): () => Promise<V> {
  let made: Promise<V> | null = null;
  return () => (made ??= make());
}
