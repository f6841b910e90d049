import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { joinedRanking, lowest, rankingOf, type Bounds, type ReadBounds, type Wanted } from './item-ranking.js';
import { ScanKernel } from './kernels/scan-kernel.js';
import { Network } from './network.js';
import { rank, scoreAll, type Output } from './rank.js';

/** Numbers that repeat for the same seed, -1 .. 1. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (2 * state) / 2_147_483_647 - 1;
  });
}

const everything = () => true;

/** Of each row its bound, or NaN, at row - 1. */
const byRow =
  (items: number) =>
  ({ rows, values }: Bounds): Float32Array => {
    const all = new Float32Array(items).fill(NaN);
    values.forEach((bound, at) => (all[(rows[at] ?? 0) - 1] = bound));
    expect(new Set(Array.from(rows)).size).toBe(values.length);
    return all;
  };

async function ofEach<V>(
  bounds: readonly ReadBounds[],
  wanted: Wanted | null,
  read: (bounds: Bounds) => V,
): Promise<readonly V[]> {
  return Promise.all(bounds.map(async (one) => one(wanted, read)));
}

describe('the bounds of the scan', () => {
  it.each([
    [1, 1, 1],
    [5, 7, 1],
    [1_003, 64, 1],
    [50, 128, 1e-6],
    [50, 100, 1e4],
    [9, 16, 0],
  ])('of %d items of %d numbers around %d are close above their scores', async (items, width, size) => {
    const vectors = numbers(items * width, 3).map((value, at) => value * size * (1 + (Math.floor(at / width) % 5)));
    const output: Output = { vectors, bias: numbers(items, 5).map((value) => size * value) };
    const scan = new ScanKernel(output, width);
    for (const seed of [1, 2, 3]) {
      const u = numbers(width, seed).map((value) => 3 * value);
      const scores = scoreAll(output, u);
      const bounds = await scan.scores(u)(null, byRow(items));
      const slack = bounds.map((bound, at) => bound - (scores[at] ?? NaN));
      expect(Math.min(...slack)).toBeGreaterThanOrEqual(0);
      const length = Math.hypot(...u);
      slack.forEach((above, at) => {
        const vector = vectors.subarray(at * width, (at + 1) * width);
        expect(above).toBeLessThanOrEqual(0.02 * length * Math.hypot(...vector) + 1e-5 * size);
      });
    }
    const bounds = await scan.scores(new Float32Array(width))(null, byRow(items));
    expect(bounds.every((bound, at) => bound >= (output.bias[at] ?? NaN))).toBe(true);
  });

  it('are those of all rows that reach a number below which all others are, or are of all', async () => {
    const [items, width] = [9_003, 8];
    const output: Output = { vectors: numbers(items * width, 3), bias: numbers(items, 5) };
    const scan = new ScanKernel(output, width, 4);
    for (const isCandidate of [everything, (row: number) => row % 10 === 0, (row: number) => row === 7, () => false]) {
      const u = numbers(width, 11);
      const found = (bounds: Bounds) => ({
        least: bounds.least,
        candidates: Array.from(bounds.rows).filter(isCandidate).length,
        values: byRow(items)(bounds),
      });
      const wanted = { count: 20, isCandidate };
      const reaching = (least: number) => (bound: number) => (bound < least ? NaN : bound);
      const all = await scan.scores(u)(null, byRow(items));
      const some = await scan.scores(u)(wanted, found);
      expect(some.values).toEqual(all.map(reaching(some.least)));
      if (some.candidates < 20) expect(some.least).toBe(lowest);
      else expect(some.candidates).toBeLessThan(2_000);
      const cosines = scan.cosines([1, 2, 3, 4].map((seed) => numbers(width, seed)));
      const near = await ofEach(cosines, wanted, found);
      const whole = await ofEach(cosines, null, byRow(items));
      for (const [at, { least, values }] of near.entries()) expect(values).toEqual(whole[at]?.map(reaching(least)));
    }
  });
});

describe('the bounds of the cosines', () => {
  it.each([1, 1e-6, 1e4, 1e-20])(
    'are close above them, of numbers around %d, for directions of any length',
    async (size) => {
      const [items, width] = [1_001, 24];
      const vectors = numbers(items * width, 3).map((value, at) => value * size * (1 + (Math.floor(at / width) % 5)));
      vectors.fill(0, 0, width);
      vectors.subarray(width, 2 * width).forEach((value, at, short) => (short[at] = value === 0 ? 0 : at * 1e-45));
      const scan = new ScanKernel({ vectors, bias: numbers(items, 5) }, width, 3);
      const directions = [1e-10, 1, 1e10].map((length, seed) =>
        numbers(width, 7 + seed).map((value) => length * value),
      );
      const bounds = await ofEach(scan.cosines(directions), null, byRow(items));
      for (const [which, direction] of directions.entries()) {
        bounds[which]?.forEach((bound, at) => {
          const vector = vectors.subarray(at * width, (at + 1) * width);
          const dot = vector.reduce((sum, value, place) => sum + value * (direction[place] ?? NaN), 0);
          const cosine = at === 0 ? 0 : dot / (Math.hypot(...vector) * Math.hypot(...direction));
          expect(bound).toBeGreaterThanOrEqual(cosine);
          if (at !== 1) expect(bound).toBeLessThanOrEqual(cosine + 0.02);
        });
      }
      expect(await ofEach(scan.cosines(directions.slice(2)), null, byRow(items))).toEqual(bounds.slice(2));
      expect(() => scan.cosines([...directions, ...directions])).toThrow(/6 directions, 3 at most/);
    },
  );
});

describe('a scan by threads', () => {
  const [items, width] = [70_003, 12];
  const output: Output = { vectors: numbers(items * width, 3), bias: numbers(items, 5) };

  it('leaves the bounds of a scan without', async () => {
    const [byThreads, without] = [1, Infinity].map((threadsFrom) => new ScanKernel(output, width, 6, threadsFrom)) as [
      ScanKernel,
      ScanKernel,
    ];
    const u = numbers(width, 8);
    for (const wanted of [null, { count: 50, isCandidate: everything }]) {
      const read = byRow(items);
      expect(await byThreads.scores(u)(wanted, read)).toEqual(await without.scores(u)(wanted, read));
      for (const count of [1, 3, 4, 6]) {
        const directions = Array.from({ length: count }, (_, seed) => numbers(width, 20 + seed));
        const found = await ofEach(byThreads.cosines(directions), wanted, read);
        expect(found).toEqual(await ofEach(without.cosines(directions), wanted, read));
      }
    }
  });

  it('lets the event loop go on', async () => {
    const scan = new ScanKernel(output, width, 1, 1);
    let turns = 0;
    const turn = setInterval(() => (turns += 1), 0);
    for (let seed = 1; seed <= 100; seed++) await scan.scores(numbers(width, seed))(null, () => null);
    clearInterval(turn);
    expect(turns).toBeGreaterThan(0);
  });

  it('answers each of several queries by its own bounds', async () => {
    const ids = Array.from({ length: 260_000 }, (_, n) => `i${n}`);
    const network = new Network(randomCheckpoint(ids, { width: 4, slots: 4 }));
    const users = Array.from({ length: 8 }, (_, user) => {
      const { state } = network.trace([user * 1_000 + 1, user + 1]);
      const nearest = network.nearest(network.directions(state));
      return [network.ranking(state), ...nearest];
    });
    const asked = users.flat();
    const together = await Promise.all(asked.map(async (ranking) => ranking.best(20, everything)));
    for (const [at, ranking] of asked.entries()) expect(await ranking.best(20, everything)).toEqual(together[at]);
    const firsts = users.map((rankings, user) => rankings.map((_, at) => together[5 * user + at]?.[0]?.row));
    expect(new Set(firsts.map((rows) => rows.join())).size).toBe(users.length);
  });
});

describe('the ranking of items', () => {
  const items = Array.from({ length: 2_000 }, (_, n) => `i${n}`);
  const plain = randomCheckpoint(items, { width: 24, slots: 2 });
  /** Row 3 leads to 7, 10 and 14, row 17 to 10. */
  const ruled: Checkpoint = {
    ...plain,
    blend: { weight: 3, scale: 10, placePower: 0.4, repeat: 1.5 },
    tensors: new Map(plain.tensors)
      .set('rules.offsets', {
        shape: [2_002],
        data: Int32Array.from({ length: 2_002 }, (_, row) => (row > 17 ? 4 : row > 3 ? 3 : 0)),
      })
      .set('rules.items', { shape: [4], data: Int32Array.of(7, 10, 14, 10) })
      .set('rules.values', { shape: [4], data: Float32Array.of(0.5, 2, 0.01, 1) }),
  };
  const networks = [plain, ruled].flatMap((checkpoint) =>
    [true, false].map((simd) => new Network(checkpoint, { simd })),
  );

  it('goes on from its own bounds when others were made meanwhile', async () => {
    for (const network of networks) {
      const states = [
        [1, 2, 3],
        [17, 5],
      ].map((rows) => network.trace(rows).state);
      const rankings = states.map((state) => network.ranking(state));
      const scores = states.map((state) => network.scores(state));
      const [near, far] = network.nearest([network.itemVector(9), network.itemVector(11)]);
      const nearest = [await near.best(20, everything), await far.best(20, everything)];
      for (const count of [3, 30, 300]) {
        for (const [at, ranking] of rankings.entries()) {
          expect(await ranking.best(count, everything)).toEqual(rank(scores[at] ?? new Float32Array(0), count));
        }
      }
      expect([await near.best(20, everything), await far.best(20, everything)]).toEqual(nearest);
      expect(nearest.map(([best]) => best?.row)).toEqual([9, 11]);
    }
  });

  it('is that of the exact scores, however many are asked for and whoever is a candidate, with the rules and without', async () => {
    for (const network of networks) {
      for (const rows of [[1, 2, 3], [1_999, 4, 4, 17], [2_000]]) {
        const { state } = network.trace(rows);
        const scores = network.scores(state);
        const ranking = network.ranking(state);
        for (const isCandidate of [everything, (row: number) => row % 7 === 3, (row: number) => row === 5, () => false])
          for (const count of [0, 1, 10, 100, 5_000])
            expect(await ranking.best(count, isCandidate)).toEqual(rank(scores, count, isCandidate));
      }
    }
  });

  it('with more for some of them is that of the exact scores and so much more', async () => {
    const shiftOf = (row: number) => (row % 3 === 0 ? 2.5 : row % 50 === 1 ? -4 : 0);
    for (const network of networks) {
      const { state } = network.trace([4, 9, 17]);
      const shifted = network.scores(state).map((score, at) => score + shiftOf(at + 1));
      const best = await network.ranking(state).shifted(shiftOf).best(300, everything);
      const exact = rank(shifted, 300);
      best.forEach(({ score }, place) => {
        expect(score).toBeCloseTo(exact[place]?.score ?? NaN, 5);
      });
      expect(new Set(best.map(({ row }) => row))).toEqual(new Set(exact.map(({ row }) => row)));
    }
    const [one, other] = [numbers(30, 1), numbers(12, 2)];
    const joined = joinedRanking(rankingOf(one), 30, rankingOf(other)).shifted((row) => row);
    expect((await joined.best(3, everything)).map(({ row }) => row)).toEqual([42, 41, 40]);
  });

  it('by nearness is that of the cosines, also where items have no vector', async () => {
    const direction = numbers(24, 4);
    const norm = (vector: Float32Array) => Math.hypot(...vector);
    for (const network of networks) {
      const vectors = items.map((_, at) => network.itemVector(at + 1));
      const cosines = vectors.map(
        (one) => one.reduce((sum, value, at) => sum + value * (direction[at] ?? 0), 0) / (norm(one) * norm(direction)),
      );
      const expected = [...cosines.keys()].sort((a, b) => (cosines[b] ?? 0) - (cosines[a] ?? 0)).slice(0, 50);
      const [, near] = network.nearest([network.itemVector(3), direction]);
      const best = await near.best(50, everything);
      expect(best.map(({ row }) => row - 1)).toEqual(expected);
      best.forEach(({ row, score }) => {
        expect(score).toBeCloseTo(cosines[row - 1] ?? NaN, 5);
      });
    }
    const embedding = plain.tensors
      .get('item.embedding')
      ?.data.slice()
      .fill(0, 24 * 5) as Float32Array;
    const tensors = new Map(plain.tensors).set('item.embedding', { shape: [2_001, 24], data: embedding });
    const [near] = new Network({ ...plain, tensors }).nearest([direction]);
    const best = await near.best(6, everything);
    expect(best.map(({ score }) => score === 0)).toEqual(best.map(({ row }) => row > 4));
  });

  it('orders equal scores by their rows', async () => {
    const vectors = numbers(40 * 8, 2).map((_, at) => (Math.floor(at / 8) % 3) - 1);
    const output: Output = { vectors, bias: new Float32Array(40) };
    const u = numbers(8, 9);
    const checkpoint = randomCheckpoint(items.slice(0, 40), { width: 8 });
    expect(checkpoint.dimensions.items).toBe(40);
    expect(await rankingOf(scoreAll(output, u)).best(20, everything)).toEqual(rank(scoreAll(output, u), 20));
  });

  it('of two lists is that of one behind the other', async () => {
    const [one, other] = [numbers(30, 1), numbers(12, 2)];
    const both = Float32Array.of(...one, ...other);
    const joined = joinedRanking(rankingOf(one), 30, rankingOf(other));
    for (const isCandidate of [everything, (row: number) => row % 2 === 0])
      expect(await joined.best(15, isCandidate)).toEqual(rank(both, 15, isCandidate));
  });
});
