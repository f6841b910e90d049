import { describe, expect, it } from '@jest/globals';
import { checkpointOf, readFixture } from '../../test/golden/reference.js';
import { contentMapOf, decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.js';
import { ContentFeatures, ContentMap, wordsOf } from './content.js';
import { Network } from './network.js';
import { decodeTensors, encodeTensors } from './safetensors.js';

const features = new ContentFeatures(['red', 'blue'], { words: ['lamp', 'été'], vectorLength: 2 });
const nothing = { categories: [], text: '', vector: null };
const half = Math.SQRT1_2;

describe('the content of an item', () => {
  it('are its known categories, words and vector, each part of length 1, and a constant', () => {
    expect(
      features.of({ categories: ['blue', 'green'], text: 'A LAMP, a lamp: \u00e9t\u00e9!', vector: [3, -4] }),
    ).toEqual({
      indices: [1, 2, 3, 4, 5, 6],
      values: [1, half, half, 0.6, -0.8, 1].map((value) => expect.closeTo(value, 12)),
    });
    expect(features.of({ ...nothing, categories: ['red', 'blue', 'red'] })?.values).toEqual(
      [half, half, 1].map((value) => expect.closeTo(value, 12)),
    );
  });

  it('is nothing where none of it is known', () => {
    const vectors = [null, [], [1], [1, 2, 3], [0, 0]];
    for (const vector of vectors) {
      expect(features.of({ categories: ['green'], text: 'lamps', vector })).toBeNull();
    }
    expect(
      new ContentFeatures([], { words: [], vectorLength: 0 }).of({ ...nothing, text: 'lamp', vector: [] }),
    ).toBeNull();
  });

  it('reads a text as words without signs, in one form, and not without end', () => {
    expect([...wordsOf('Caf\u00e9 cafe\u0301 \u2460 "x-ray" 東京 \ud83d\ude00')]).toEqual([
      'caf\u00e9',
      '1',
      'x',
      'ray',
      '東京',
    ]);
    expect([...wordsOf('')]).toEqual([]);
    expect(wordsOf('word '.repeat(1e6)).size).toBe(1);
    expect(wordsOf(Array.from({ length: 1e6 }, (_, n) => `w${n}`).join(' ')).size).toBeLessThan(5_000);
  });
});

describe('the content map', () => {
  // M [F, d + 1] with d = 1: rows red, blue, lamp, été, vector 0, vector 1, constant
  const map = new ContentMap(features, Float32Array.of(1, 10, 2, 20, 4, 40, 8, 80, 16, 160, 32, 320, 0.5, -5), 0);

  it('gives the sum of the rows, vector and bias', () => {
    const placed = map.place({ categories: ['red'], text: 'lamp', vector: [0, 2] });
    expect(placed?.vector).toEqual(Float32Array.of(1 + 4 + 32 + 0.5));
    expect(placed?.bias).toBe(10 + 40 + 320 - 5);
  });

  it('gives a vector of the length that the output has, where it has one', () => {
    const placed = new ContentMap(features, Float32Array.of(-1, 10, ...new Float32Array(12)), 3);
    expect(placed.place({ ...nothing, categories: ['red'] })).toEqual({ vector: Float32Array.of(-3), bias: 10 });
  });

  it('has no place for what it knows nothing of, or for what f32 can not hold', () => {
    expect(map.place(nothing)).toBeNull();
    expect(map.place({ ...nothing, categories: ['green'] })).toBeNull();
    const large = new ContentMap(
      new ContentFeatures(['a'], { words: [], vectorLength: 0 }),
      new Float32Array(4).fill(3e38),
      0,
    );
    expect(large.place({ ...nothing, categories: ['a'] })).toBeNull();
  });
});

describe('the content map of a checkpoint', () => {
  const plain = checkpointOf(readFixture('network-d8-s4.json'));
  const weight = { shape: [3, 9], data: Float32Array.from({ length: 27 }, (_, at) => at / 8) };
  const placing: Checkpoint = {
    ...plain,
    content: { words: ['lamp'], vectorLength: 1 },
    tensors: new Map(plain.tensors).set('content.weight', weight),
  };
  const lamp = { categories: [], text: 'Lamp', vector: [-2] };

  it('comes back as it was, and leaves the network as it is', () => {
    const found = decodeCheckpoint(encodeCheckpoint(placing));
    expect(found.content).toEqual(placing.content);
    expect(contentMapOf(found)?.place(lamp)).toEqual(contentMapOf(placing)?.place(lamp));
    expect(contentMapOf(found)?.place(lamp)?.bias).toBe((8 - 17 + 26) / 8);
    const [before, after] = [new Network(plain), new Network(found)];
    expect(after.scores(after.trace([1, 30, 7]).state)).toEqual(before.scores(before.trace([1, 30, 7]).state));
  });

  it('is not there in one from before, which loads as it did', () => {
    const old = decodeCheckpoint(encodeCheckpoint(plain));
    expect(old.content).toBeUndefined();
    expect(contentMapOf(old)).toBeNull();
  });

  it.each<[Partial<Checkpoint>, RegExp]>([
    [{ tensors: plain.tensors }, /content.weight is missing/],
    [{ content: { words: ['lamp', 'table'], vectorLength: 1 } }, /content.weight is F32 \[3, 9\].*needs F32 \[4, 9\]/],
    [{ content: { words: ['lamp', 'lamp'], vectorLength: 0 } }, /names something twice/],
    [{ content: { words: [], vectorLength: -1 } }, /vectorLength of its content/],
    [
      { tensors: new Map(placing.tensors).set('content.weight', { ...weight, data: new Float32Array(27).fill(NaN) }) },
      /content.weight is NaN/,
    ],
  ])('is refused, writing and reading, when it is wrong: case %#', (wrong, what) => {
    const broken = { ...placing, ...wrong };
    expect(() => encodeCheckpoint(broken)).toThrow(what);
    const { metadata } = decodeTensors(encodeCheckpoint(placing));
    const texts = new Map(metadata).set('content', JSON.stringify(broken.content));
    expect(() => decodeCheckpoint(encodeTensors({ metadata: texts, tensors: broken.tensors }))).toThrow(what);
  });
});
