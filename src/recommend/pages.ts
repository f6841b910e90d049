/**
 * Answers that are read on in pages. The first page notes the order of what lies behind it, as it stands at that moment; the pages that
 * follow go through that order, whatever the memory becomes meanwhile, so that no item comes twice and none is skipped. What may not be
 * answered any more, was seen meanwhile or has left the filter is left out there as everywhere.
 */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RecollectError } from '../errors.js';
import { addAnswerSnapshot, findAnswerSnapshot, type AnswerSnapshot } from '../storage/answer-snapshot.store.js';
import type { Answer, Candidate, RankedItem, Reasons, Source } from './answer.js';
import { listed } from './candidates.js';
import { take, type Exclusion } from './eligibility.js';

/** Where a page ended. */
export interface PagePlace {
  readonly answerId: string;
  /** items of the snapshot that were answered or left out */
  readonly passed: number;
  /** rank of the last one that was answered */
  readonly rank: number;
}

export interface Page {
  readonly answer: Answer;
  /** null: nothing lies behind it */
  readonly end: PagePlace | null;
}

type KeptBasis = Pick<Answer, 'source' | 'fallbackReason' | 'modelVersion' | 'interactionsSeen'> & {
  readonly memoryUpdatedAt: string | null;
  /** left out by programs of before */
  readonly awaitsReplay?: boolean;
};

@Injectable()
export class Pages {
  constructor(private readonly dataSource: DataSource) {}

  /** Notes what lies behind the items of an answer; null: nothing does. `request`: who asked what. */
  async keep(answer: Answer, request: string): Promise<PagePlace | null> {
    const { id, items, source, fallbackReason, modelVersion, interactionsSeen, memoryUpdatedAt, awaitsReplay } = answer;
    const rest = (await answer.rest?.()) ?? [];
    if (rest.length === 0) return null;
    const all: readonly RankedItem[] = [...items, ...rest];
    await addAnswerSnapshot(this.dataSource.manager, {
      id,
      request: hashOf(id, request),
      basis: { source, fallbackReason, modelVersion, interactionsSeen, memoryUpdatedAt, awaitsReplay } satisfies Record<
        keyof KeptBasis,
        unknown
      >,
      itemIds: all.map(({ item }) => item.id),
      scores: all.map(({ score }) => score),
      itemSources: all.map((one) => one.source),
      itemRules: all.map(({ rules }) => rules ?? []),
    });
    return { answerId: id, passed: items.length, rank: items.length };
  }

  /** The page behind a place. Throws CURSOR_EXPIRED; BAD_INPUT for a cursor of another request. */
  async next(
    place: PagePlace,
    request: string,
    first: number,
    exclusion: Exclusion,
    because: () => Promise<Reasons>,
  ): Promise<Page> {
    const snapshot = await findAnswerSnapshot(this.dataSource.manager, place.answerId);
    if (snapshot === null) {
      throw new RecollectError('CURSOR_EXPIRED', 'after: the answer can not be read on any more; ask anew', {
        field: 'after',
      });
    }
    if (snapshot.request !== hashOf(snapshot.id, request) || place.passed > snapshot.itemIds.length) {
      throw new RecollectError(
        'BAD_INPUT',
        'after: is a cursor of another user, or of a request that asked otherwise',
        {
          field: 'after',
        },
      );
    }
    const candidates = candidatesOf(snapshot, place.passed);
    const taken = await take(this.dataSource.manager, listed(candidates, first), first, exclusion, 'PAGES_EXHAUSTED');
    const places = new Map(snapshot.itemIds.map((id, index) => [id, index]));
    const items = taken.items.map((one, index) => ({
      ...one,
      rank: place.rank + index + 1,
      rules: snapshot.itemRules[places.get(one.item.id) ?? -1] ?? [],
    }));
    const last = items.at(-1);
    const passed = taken.shortfall === null && last !== undefined ? (places.get(last.item.id) ?? 0) + 1 : Infinity;
    const basis = snapshot.basis as unknown as KeptBasis;
    const memoryUpdatedAt = basis.memoryUpdatedAt === null ? null : new Date(basis.memoryUpdatedAt);
    const { awaitsReplay = false } = basis;
    const answer: Answer = {
      id: snapshot.id,
      ...basis,
      memoryUpdatedAt,
      awaitsReplay,
      because,
      shortfall: taken.shortfall,
      items,
    };
    const isEnd = last === undefined || passed >= snapshot.itemIds.length;
    return { answer, end: isEnd ? null : { answerId: snapshot.id, passed, rank: last.rank } };
  }
}

function candidatesOf({ itemIds, scores, itemSources }: AnswerSnapshot, passed: number): readonly Candidate[] {
  return itemIds.slice(passed).map((itemId, index) => ({
    itemId,
    score: scores[passed + index] ?? 0,
    source: itemSources[passed + index] as Source,
  }));
}

function hashOf(id: string, request: string): string {
  return createHash('sha256').update(`${id}\0${request}`).digest('base64url');
}
