import { describe, expect, it } from '@jest/globals';
import { randomCheckpoint } from '../../test/random-checkpoint.js';
import type { Checkpoint } from '../model/checkpoint.js';
import { Network } from '../model/network.js';
import { PlacedItems } from './placed-items.js';

/** d = 2; a category n has the vector (n + 1, 0) and the bias 10 (n + 1), the constant the vector (0, 1). */
function placing(): Checkpoint {
  const plain = randomCheckpoint(['a', 'b'], { width: 2, attributes: 2 });
  const weight = { shape: [3, 3], data: Float32Array.of(1, 0, 10, 2, 0, 20, 0, 1, 0) };
  return {
    ...plain,
    content: { words: [], vectorLength: 0 },
    tensors: new Map(plain.tensors).set('content.weight', weight),
  };
}
const of = (...categories: readonly string[]) => ({ categories, text: '', vector: null });

describe('items that their content places', () => {
  it('have scores by vector and bias, and change with their content', () => {
    const placed = new PlacedItems({ version: 1, network: new Network(placing()) });
    placed.put('x', Infinity, of('attribute 0'));
    placed.put('y', 5, of('attribute 1'));
    expect(placed.ids).toEqual(['x', 'y']);
    expect(placed.until).toEqual([Infinity, 5]);
    expect([...placed.scores(Float32Array.of(100, 1))]).toEqual([111, 221]);
    placed.put('x', Infinity, of('attribute 1'));
    expect([...placed.scores(Float32Array.of(100, 1))]).toEqual([221, 221]);
  });

  it('leave when they are hidden, gone or nothing is known of them, and come back to their row', () => {
    const placed = new PlacedItems({ version: 1, network: new Network(placing()) });
    placed.put('x', Infinity, of('attribute 0'));
    for (const [until, content] of [
      [-Infinity, of('attribute 0')],
      [Infinity, null],
      [Infinity, of('other')],
    ] as const) {
      placed.put('x', until, content);
      expect(placed.until).toEqual([-Infinity]);
      expect(placed.vectorOf('x')).toBeNull();
      placed.put('x', Infinity, of('attribute 1'));
      expect(placed.until).toEqual([Infinity]);
      expect(placed.vectorOf('x')).toEqual(Float32Array.of(2, 1));
      expect(placed.cosines(Float32Array.of(0, 3))[0]).toBeCloseTo(1 / Math.sqrt(5), 6);
      expect(placed.cosines(Float32Array.of(0, 0))[0]).toBe(0);
    }
    placed.put('never known', Infinity, of('other'));
    expect(placed.ids).toEqual(['x']);
  });

  it('keep their vectors when there are many', () => {
    const placed = new PlacedItems({ version: 1, network: new Network(placing()) });
    for (let n = 0; n < 5_000; n++) placed.put(`item ${n}`, Infinity, of(`attribute ${n % 2}`));
    const scores = placed.scores(Float32Array.of(1, 0));
    expect([scores[0], scores[1], scores[4_998], scores[4_999]]).toEqual([11, 22, 11, 22]);
  });

  it('are none by a network without a content map', () => {
    const placed = new PlacedItems({
      version: 1,
      network: new Network(randomCheckpoint(['a', 'b'], { attributes: 2 })),
    });
    placed.put('x', Infinity, of('attribute 0'));
    expect(placed.ids).toEqual([]);
  });
});
