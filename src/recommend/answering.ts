/**
 * From candidates to an answer. What the first source can't fill goes on with what is popular (the last 30 days, then all time) and
 * then with what is new. Every item says which of these placed it; the answer says why, and what it lacks.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Answer, Candidate, FallbackReason, Reasons, Source } from './answer.js';
import { chain, latestCandidates, listed, type Candidates } from './candidates.js';
import { excludeNothing, take, type Exclusion } from './eligibility.js';
import { Popularity } from './popularity.js';

/** What an answer rests on, besides its items. */
export interface Basis {
  /** what places the items, as far as it can */
  readonly source: Source;
  readonly fallbackReason: FallbackReason | null;
  readonly modelVersion: number | null;
  readonly interactionsSeen: number;
  readonly memoryUpdatedAt: Date | null;
  readonly because: () => Promise<Reasons>;
}

/** The window that a fallback asks first; behind it comes all time. */
const recentDays = 30;

export const noReason = (): Promise<Reasons> => Promise.resolve({ of: () => [] });

@Injectable()
export class Answering {
  constructor(
    private readonly dataSource: DataSource,
    private readonly popularity: Popularity,
  ) {}

  /** The candidates first, then the popular, then the latest. */
  async filled(candidates: Candidates, first: number, exclusion: Exclusion, basis: Basis): Promise<Answer> {
    const tx = this.dataSource.manager;
    const all = chain(candidates, this.popular(first), latestCandidates(tx, first));
    const { items, shortfall } = await take(tx, all, first, exclusion);
    const placed = items[0]?.source ?? basis.source;
    const source = placed === 'CONTENT' ? basis.source : placed; // it rests on the same, whatever the model knows of the first item
    const fallbackReason = basis.fallbackReason ?? (source === basis.source ? null : 'NO_SCORED_ITEMS');
    return { id: randomUUID(), ...basis, because: once(basis.because), source, fallbackReason, shortfall, items };
  }

  /** Popular and latest items alone, and why it is these. */
  async fallback(
    fallbackReason: FallbackReason,
    first: number,
    exclusion: Exclusion = excludeNothing,
    known: { readonly interactionsSeen: number; readonly memoryUpdatedAt: Date | null } = {
      interactionsSeen: 0,
      memoryUpdatedAt: null,
    },
  ): Promise<Answer> {
    return this.filled([], first, exclusion, {
      source: 'POPULAR',
      fallbackReason,
      modelVersion: null,
      ...known,
      because: noReason,
    });
  }

  /** What is popular in a window, by these kinds; not filled with anything else. */
  async popularItems(first: number, windowDays: number | null, kinds: readonly string[] | null): Promise<Answer> {
    const candidates = listed(await this.popularity.ranking(windowDays, kinds), first);
    const { items, shortfall } = await take(this.dataSource.manager, candidates, first, excludeNothing, 'NOT_COUNTED');
    const basis = { fallbackReason: null, modelVersion: null, interactionsSeen: 0, memoryUpdatedAt: null };
    return { id: randomUUID(), source: 'POPULAR', ...basis, because: noReason, shortfall, items };
  }

  private async *popular(first: number): AsyncGenerator<readonly Candidate[]> {
    yield* listed(await this.popularity.ranking(recentDays, null), first);
    yield* listed(await this.popularity.ranking(null, null), first);
  }
}

/** The reasons are asked for by the answer and by each of its items, and made once. */
function once<V>(make: () => Promise<V>): () => Promise<V> {
  let made: Promise<V> | null = null;
  return () => (made ??= make());
}
