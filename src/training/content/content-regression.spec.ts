import { describe, expect, it } from '@jest/globals';
import type { ContentById } from './content-file.js';
import { ContentRegression, type Learned } from './content-regression.js';
import type { Parameters } from '../graph/parameters.js';

/** Items 1 and 2 have category a, items 3 and 4 category b, item 5 none; d = 1. */
const split: Learned = {
  vocabulary: ['1', '2', '3', '4', '5'],
  attributes: ['a', 'b'],
  itemAttributes: { offsets: Int32Array.of(0, 0, 1, 2, 3, 4, 4), ids: Int32Array.of(0, 0, 1, 1) },
};
const parameters: Parameters = new Map([
  ['item.embedding', { shape: [6, 1], data: Float32Array.of(0, 1, 3, -2, -2, 50) }],
  ['output.bias', { shape: [5], data: Float32Array.of(1, 1, 3, 3, 50) }],
  ['attribute.embedding', { shape: [2, 1], data: Float32Array.of(10, 20) }],
]);
/** Item 2 counts twice what item 1 does. */
const frequencies = Float32Array.of(0, 1, 4, 1, 1, 9);
const place = (regression: ContentRegression, penalty: number, row: number, without: readonly number[] = []) =>
  Array.from(regression.place(regression.solve(penalty, without), row), (value) => Math.round(value * 1e3) / 1e3);

describe('the regression of what was learned on content', () => {
  it('gives an item the mean of its like, weighed by the root of their frequency, on top of the attribute vector', () => {
    const regression = new ContentRegression(split, parameters, frequencies, new Map());
    expect(place(regression, 1e-7, 1)).toEqual(
      [10 + (1 * 1 + 3 * 2) / 3, 1].map((value) => Math.round(value * 1e3) / 1e3),
    );
    expect(place(regression, 1e-7, 3)).toEqual([18, 3]);
  });

  it('leaves the attribute vector and a mean bias where the penalty is large', () => {
    const regression = new ContentRegression(split, parameters, frequencies, new Map());
    const mean = (1 * 1 + 3 * 2 - 2 - 2) / 5;
    const [vector = NaN, bias = NaN] = place(regression, 1e9, 1);
    expect(vector).toBeCloseTo(10 + mean, 2); //                the constant is as good as free
    expect(bias).toBeCloseTo((1 + 2 + 3 + 3) / 5, 2);
  });

  it('knows nothing of a group that is left out', () => {
    const regression = new ContentRegression(split, parameters, frequencies, new Map());
    expect(place(regression, 1e-7, 1, [2])).toEqual([11, 1]);
    expect(place(regression, 1e-7, 1)).not.toEqual([11, 1]); // and is whole again
  });

  it('takes words that two items have, vectors of the most frequent length, and no item without content', () => {
    const content: ContentById = new Map([
      ['1', { text: 'both one', vector: Float32Array.of(1, 2) }],
      ['2', { text: 'both', vector: Float32Array.of(2, 1) }],
      ['4', { text: '', vector: Float32Array.of(1, 2, 3) }],
    ]);
    const regression = new ContentRegression(split, parameters, frequencies, content);
    expect(regression.features.names).toEqual({ words: ['both'], vectorLength: 2 });
    expect(regression.phi.map((features) => features?.indices ?? null)).toEqual([
      null,
      [0, 2, 3, 4, 5],
      [0, 2, 3, 4, 5],
      [1, 5],
      [1, 5],
      null,
    ]);
  });

  it('fits no more than the commonest features, and leaves the others to their attribute vectors', () => {
    const items = 3_000;
    const many: Learned = {
      vocabulary: Array.from({ length: items }, (_, n) => `${n}`),
      attributes: ['all', ...Array.from({ length: items }, (_, n) => `own ${n}`)],
      itemAttributes: {
        offsets: Int32Array.from({ length: items + 2 }, (_, row) => 2 * Math.max(0, row - 1)),
        ids: Int32Array.from({ length: 2 * items }, (_, at) => (at % 2 === 0 ? 0 : (at + 1) / 2)),
      },
    };
    const learned: Parameters = new Map([
      ['item.embedding', { shape: [items + 1, 1], data: new Float32Array(items + 1).fill(1) }],
      ['output.bias', { shape: [items], data: new Float32Array(items) }],
      ['attribute.embedding', { shape: [items + 1, 1], data: new Float32Array(items + 1).fill(7) }],
    ]);
    const regression = new ContentRegression(many, learned, new Float32Array(items + 1).fill(1), new Map());
    expect(regression.fitted).toHaveLength(2_000);
    expect(regression.fitted).toEqual(expect.arrayContaining([0, items + 1])); // 'all' and the constant
  });
});
