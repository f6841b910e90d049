import { describe, expect, it } from '@jest/globals';
import type { Candidate } from './answer.js';
import { rankingOf } from '../model/item-ranking.js';
import { chain, firstBatch, listed, scoredCandidates } from './candidates.js';

const now = 1_000;

async function allOf<V>(values: AsyncIterable<V>): Promise<readonly V[]> {
  const all: V[] = [];
  for await (const value of values) all.push(value);
  return all;
}

async function idsOf(batches: AsyncIterable<readonly Candidate[]>): Promise<readonly string[]> {
  return (await allOf(batches)).flat().map(({ itemId }) => itemId);
}

function scored(count: number, until: (row: number) => number, first: number): AsyncGenerator<readonly Candidate[]> {
  const scores = Float32Array.from({ length: count }, (_, index) => (index * 7919) % count);
  return scoredCandidates(
    rankingOf(scores),
    { learned: count, idOf: (row) => `i${row}`, indexOf: (row) => row, shiftOf: null, untilOf: until },
    now,
    'MEMORY',
    first,
  );
}

describe('scored candidates', () => {
  it('come best first, each once, in batches that grow until all were offered', async () => {
    const batches = await allOf(scored(1_000, () => Infinity, 10));
    expect(batches.map(({ length }) => length)).toEqual([firstBatch(10), 120, 480, 360]);
    const all = batches.flat();
    expect(new Set(all.map(({ itemId }) => itemId)).size).toBe(1_000);
    expect(all.map(({ score }) => score)).toEqual(all.map(({ score }) => score).toSorted((a, b) => b - a));
  });

  it('are only those that may be answered now', async () => {
    const until = (row: number): number => [-Infinity, now, now + 1, Infinity][row % 4] ?? NaN;
    const rows = (await idsOf(scored(40, until, 10))).map((id) => Number(id.slice(1)) % 4);
    expect(rows).toHaveLength(20);
    expect(new Set(rows)).toEqual(new Set([2, 3]));
  });

  it('say which of them the network has not learned', async () => {
    const items = {
      learned: 2,
      idOf: (row: number) => `i${row}`,
      indexOf: (row: number) => row,
      shiftOf: null,
      untilOf: () => Infinity,
    };
    const batches = scoredCandidates(rankingOf(Float32Array.of(1, 3, 2)), items, now, 'MEMORY', 3);
    const [batch] = await allOf(batches);
    expect(batch?.map(({ itemId, source }) => [itemId, source])).toEqual([
      ['i2', 'MEMORY'],
      ['i3', 'CONTENT'],
      ['i1', 'MEMORY'],
    ]);
  });

  it('are none where nothing may be answered', async () => {
    expect(await idsOf(scored(100, () => -Infinity, 5))).toEqual([]);
    expect(await idsOf(scored(0, () => Infinity, 5))).toEqual([]);
  });
});

it('sources that are chained are asked only as far as they are needed', async () => {
  const list = Array.from({ length: 100 }, (_, n): Candidate => ({ itemId: `l${n}`, score: -n, source: 'POPULAR' }));
  let isAsked = false;
  function* last(): Generator<readonly Candidate[]> {
    isAsked = true;
    yield [];
  }
  const seen: string[] = [];
  for await (const batch of chain(listed(list, 1), last())) {
    seen.push(...batch.map(({ itemId }) => itemId));
    if (seen.length >= 50) break;
  }
  expect(seen).toEqual(list.map(({ itemId }) => itemId));
  expect(isAsked).toBe(false);
});
