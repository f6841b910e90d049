import { describe, expect, it } from '@jest/globals';
import { batchesOf, fill, windowsOf } from './batches.js';
import { noRecency } from './recency.js';
import { Random } from '../random.js';

/** Users whose n-th item is n + 100 times the user. */
function training(...lengths: number[]) {
  const offsets = Int32Array.from([0, ...lengths].map((_, user) => lengths.slice(0, user).reduce((a, b) => a + b, 0)));
  const rows = lengths.flatMap((length, user) => Array.from({ length }, (_, n) => 100 * user + n + 1));
  return { offsets, rows: Int32Array.from(rows) };
}

describe('windowsOf', () => {
  it('takes the last items and the older ones as further windows, each transition once', () => {
    const windows = windowsOf(training(8), 3);
    expect(windows).toEqual([
      { user: 0, begin: 4, end: 8 },
      { user: 0, begin: 1, end: 5 },
      { user: 0, begin: 0, end: 2 },
    ]);
  });

  it('gives one window to a history that just fits, none to a single item', () => {
    expect(windowsOf(training(4, 1, 0), 3)).toEqual([{ user: 0, begin: 0, end: 4 }]);
  });
});

describe('fill', () => {
  it('lays the inputs time-major, padded at the end, and the next item beside each of them', () => {
    const batch = fill(training(3, 4), [
      { user: 0, begin: 0, end: 3 },
      { user: 1, begin: 0, end: 4 },
    ]);
    expect(batch).toMatchObject({ steps: 3, users: 2 });
    expect([...batch.rows]).toEqual([1, 101, 2, 102, 0, 103]);
    expect([...batch.positions]).toEqual([0, 2, 1, 3, 5]);
    expect([...batch.targets]).toEqual([2, 3, 102, 103, 104]);
  });

  it('lays kinds and gap buckets beside the items, also of a window that begins in the middle of a history', () => {
    const minute = 60_000;
    const own = training(1, 4);
    const beside = { kinds: Int32Array.of(2, 0, 1, 0, 1), times: Float64Array.of(0, 0, 5, 5 + minute, 6 + minute) };
    const windows = [
      { user: 1, begin: 0, end: 2 },
      { user: 1, begin: 1, end: 4 },
    ];
    const batch = fill({ ...own, ...beside }, windows, { kinds: 3, gaps: 3 });
    expect([...batch.rows]).toEqual([101, 102, 0, 103]);
    expect([...batch.kinds]).toEqual([1, 2, 0, 1]); // counted from 1, 0 in the padding
    expect([...batch.gaps]).toEqual([0, 1, 0, 2]); //  the first event; then below a minute, and a minute
    expect([...fill({ ...own, ...beside }, windows).kinds]).toEqual([0, 0, 0, 0]);
  });

  it('takes a window out of the middle of a history', () => {
    const batch = fill(training(9), [{ user: 0, begin: 4, end: 7 }]);
    expect([...batch.rows]).toEqual([5, 6]);
    expect([...batch.targets]).toEqual([6, 7]);
  });
});

describe('the weights of targets', () => {
  it('are none when all weigh the same', () => {
    expect(fill(training(3), [{ user: 0, begin: 0, end: 3 }]).weights).toBeNull();
  });

  it('fall from the end of the sequence, not of the window, down to a floor, and are 1 on average', () => {
    const windows = [
      { user: 0, begin: 2, end: 5 },
      { user: 0, begin: 0, end: 3 },
    ];
    const { weights } = fill(training(5), windows, { kinds: 0, gaps: 0 }, { ...noRecency, decay: 0.5, floor: 0.2 });
    const [half, one, fifth, quarter] = [0.5, 1, 0.2, 0.25]; // targets 3, 4 and 1, 2 of a sequence that ends with 4
    const mean = (half + one + fifth + quarter) / 4;
    [half, one, fifth, quarter].forEach((weight, at) => {
      expect(weights?.[at]).toBeCloseTo(weight / mean, 6);
    });
  });
});

describe('batchesOf', () => {
  const sequences = training(...Array.from({ length: 200 }, (_, user) => 2 + ((user * 37) % 60)));
  const windows = windowsOf(sequences, 40);

  it('puts every window into one batch, none of them larger than asked for', () => {
    const batches = batchesOf(windows, 256, new Random(1));
    const order = (a: { user: number; begin: number }, b: { user: number; begin: number }) =>
      a.user - b.user || a.begin - b.begin;
    expect(batches.flat().sort(order)).toEqual([...windows].sort(order));
    for (const batch of batches) {
      const longest = Math.max(...batch.map(({ begin, end }) => end - begin - 1));
      expect(batch.length * longest).toBeLessThanOrEqual(256);
    }
  });

  it('wastes little on padding', () => {
    const sizes = batchesOf(windows, 256, new Random(1)).map((batch) => fill(sequences, batch));
    const places = sizes.reduce((sum, { rows }) => sum + rows.length, 0);
    const used = sizes.reduce((sum, { targets }) => sum + targets.length, 0);
    expect(used / places).toBeGreaterThan(0.8);
  });

  it('comes out the same for the same seed and differently for another', () => {
    expect(batchesOf(windows, 256, new Random(5))).toEqual(batchesOf(windows, 256, new Random(5)));
    expect(batchesOf(windows, 256, new Random(5))).not.toEqual(batchesOf(windows, 256, new Random(6)));
  });

  it('keeps a window that is larger than a batch by itself', () => {
    expect(batchesOf(windowsOf(training(30, 30), 40), 10, new Random(1))).toHaveLength(2);
  });
});
