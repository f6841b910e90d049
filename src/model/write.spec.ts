import { describe, expect, it } from '@jest/globals';
import { affineOf } from './matrix.js';
import type { Matrix } from './matrix.js';
import type { Slots } from './slots.js';
import { slotsOf, valueOf } from './slots.js';
import { emptyState } from './user-state.js';
import { largestMark, write } from './write.js';
import type { WriteWeights } from './write.js';

const logit = (share: number) => Math.log(share / (1 - share));

/** width 2, two slots; the gates are those of the bias wherever z is zero: 0.75 and 0.25 */
const weights: WriteWeights = {
  gate: affineOf(2, 2, Float32Array.of(1, 0, 0, 1), Float32Array.of(logit(0.75), logit(0.25))),
  key: affineOf(2, 2, Float32Array.of(1, 0, 0, 1)),
  value: affineOf(2, 2, Float32Array.of(0, 10, 10, 0)),
};
const rows = (...numbers: number[]): Matrix => ({
  rows: numbers.length / 2,
  width: 2,
  data: Float32Array.from(numbers),
});
const near = (...numbers: number[]): unknown[] => numbers.map((number) => expect.closeTo(number, 4) as unknown);
const empty = (): Slots => ({ keys: new Float32Array(4), values: new Float32Array(4) });

describe('a write', () => {
  it('keeps the gate of what a slot held and adds the rest of the mark', () => {
    const slots = empty();
    const keep = write(weights, rows(0, 0), rows(4, 8), [slots]);
    expect([...keep.data]).toEqual(near(0.75, 0.25));
    expect([...slots.keys]).toEqual(near(1, 2, 3, 6));
    expect([...slots.values]).toEqual(near(20, 10, 60, 30));
    write(weights, rows(0, 0), rows(0, 0), [slots]);
    expect([...slots.keys]).toEqual(near(0.75, 1.5, 0.75, 1.5));
  });

  it('gates by z and marks by x', () => {
    const slots = empty();
    const keep = write(weights, rows(100, -100), rows(4, 8), [slots]);
    expect([...keep.data].map((gate) => Math.round(gate * 1e6) / 1e6)).toEqual([1, 0]);
    expect([...slots.keys]).toEqual(near(0, 0, 4, 8));
  });

  it('writes each user into his own slots', () => {
    const [first, second] = [empty(), empty()];
    const keep = write(weights, rows(0, 0, 100, 100), rows(4, 8, 1, 1), [first, second]);
    expect(keep.rows).toBe(2);
    expect([...first.keys]).toEqual(near(1, 2, 3, 6));
    expect([...second.keys]).toEqual(near(0, 0, 0, 0));
  });

  it('with two heads writes each half of the mark by the gates of its own head', () => {
    const heads: WriteWeights = {
      gate: affineOf(2, 4, new Float32Array(8), Float32Array.from([0.75, 0.25, 0.5, 0], logit).fill(-100, 3)),
      key: weights.key,
      value: weights.value,
    };
    const dimensions = {
      width: 2,
      slots: 2,
      blocks: 1,
      items: 1,
      attributes: 0,
      heads: 2,
      kinds: 0,
      gaps: 0,
      outputLength: 0,
    };
    const slots = empty();
    expect([...write(heads, rows(0, 0), rows(4, 8), [slots]).data]).toEqual(near(0.75, 0.25, 0.5, 0));
    expect([...slots.keys]).toEqual(near(1, 3, 4, 8)); // head 0: slots 0, 1; head 1: slots 0, 1
    expect([...slots.values]).toEqual(near(20, 60, 20, 40));
    expect([...valueOf(slots, dimensions, 0)]).toEqual(near(20, 20));
    expect([...valueOf(slots, dimensions, 1)]).toEqual(near(60, 40));
  });

  it('goes into the numbers of the state behind the hidden ones', () => {
    const dimensions = {
      width: 2,
      slots: 2,
      blocks: 3,
      items: 1,
      attributes: 0,
      heads: 1,
      kinds: 0,
      gaps: 0,
      outputLength: 0,
    };
    const state = emptyState(dimensions);
    write(weights, rows(0, 0), rows(4, 8), [slotsOf(state, dimensions)]);
    expect([...state.numbers]).toEqual(near(0, 0, 0, 0, 0, 0, 1, 2, 3, 6, 20, 10, 60, 30));
  });

  it('never exceeds the bound that its weights tell', () => {
    const norm = { gain: Float32Array.of(3, -3), bias: Float32Array.of(0, 4) };
    expect(largestMark(weights, norm)).toBeCloseTo((3 * Math.SQRT2 + 4) * 10, 4);
  });
});
