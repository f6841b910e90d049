import { describe, expect, it } from '@jest/globals';
import { decodeHalves, decodePlainly, encodeHalves, encodePlainly, roundToHalf } from './half.js';

const every = Array.from({ length: 65_536 }, (_, bits) => bits);

/** The value of a half, from the definition of the format. */
function valueOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : exponent === 0
        ? fraction * 2 ** -14
        : (1 + fraction) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

function decode(halves: readonly number[]): Float32Array {
  const numbers = new Float32Array(halves.length);
  decodeHalves(new Uint8Array(Uint16Array.from(halves).buffer), numbers);
  return numbers;
}

function encode(numbers: readonly number[]): number[] {
  const bytes = Buffer.alloc(2 * numbers.length);
  const rounded = Float32Array.from(numbers);
  roundToHalf(rounded);
  encodeHalves(rounded, bytes);
  return numbers.map((_, at) => bytes.readUint16LE(2 * at));
}

function round(numbers: readonly number[]): number[] {
  const rounded = Float32Array.from(numbers);
  roundToHalf(rounded);
  return [...rounded];
}

describe('half precision', () => {
  it('decodes each of the 65,536 halves to the value that the format defines', () => {
    expect([...decode(every)]).toEqual(every.map(valueOf));
  });

  it('encodes what it decoded to the same bits, the sign of zero too, and every NaN to one', () => {
    const expected = every.map((bits) => ((bits & 0x7fff) <= 0x7c00 ? bits : (bits & 0x8000) | 0x7e00));
    const encoded = encode([...decode(every)]);
    const isNan = (bits: number) => (bits & 0x7fff) > 0x7c00;
    expect(encoded.filter((_, bits) => !isNan(bits))).toEqual(expected.filter((_, bits) => !isNan(bits)));
    expect(encoded.filter((_, bits) => isNan(bits)).every((bits) => (bits & 0x7fff) === 0x7e00)).toBe(true);
  });

  it('has plain twins that leave the same bits, from any place of a buffer', () => {
    const known = every.filter((bits) => (bits & 0x7fff) <= 0x7c00); // the sign of a NaN is nothing to hold on to
    const bytes = Buffer.from([0, ...Buffer.from(Uint16Array.from(known).buffer)]).subarray(1);
    const [numbers, plain] = [new Float32Array(known.length), new Float32Array(known.length)];
    decodeHalves(bytes, numbers);
    decodePlainly(bytes, plain);
    expect(Buffer.from(numbers.buffer).equals(Buffer.from(plain.buffer))).toBe(true);
    const [encoded, plainly] = [Buffer.alloc(bytes.length), Buffer.alloc(bytes.length)];
    encodeHalves(numbers, encoded);
    encodePlainly(numbers, plainly);
    expect(encoded.equals(plainly)).toBe(true);
  });

  it('leaves every half as it is', () => {
    const halves = every.map(valueOf);
    expect(round(halves)).toEqual(halves);
  });

  it('rounds to the nearest half, and a tie to the even one, between all neighbours', () => {
    const bits = new Uint32Array(1);
    const number = new Float32Array(bits.buffer);
    const neighbour = (value: number, step: number) => {
      number[0] = value;
      bits[0] = (bits[0] ?? 0) + step;
      return number[0];
    };
    const given: number[] = [];
    const wanted: number[] = [];
    for (let low = 0; low < 0x7bff; low++) {
      const middle = (valueOf(low) + valueOf(low + 1)) / 2; // an f32 exactly
      given.push(neighbour(middle, -1), middle, neighbour(middle, 1));
      wanted.push(...[low, low % 2 === 0 ? low : low + 1, low + 1].map(valueOf));
    }
    expect(round(given)).toEqual(wanted);
    expect(round(given.map((number) => -number))).toEqual(wanted.map((number) => -number));
  });

  it('makes numbers beyond the range infinite and keeps the sign of what vanishes', () => {
    expect(round([65_504, 65_519.99, 65_520, -65_520, 1e38, Infinity, -Infinity])).toEqual([
      65_504,
      65_504,
      Infinity,
      -Infinity,
      Infinity,
      Infinity,
      -Infinity,
    ]);
    expect(round([2 ** -25, 1e-30, -1e-30, 1e-45, -(2 ** -25)])).toEqual([0, 0, -0, 0, -0]);
    expect(round([1.5 * 2 ** -25, NaN])).toEqual([2 ** -24, NaN]);
  });

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [1 / 3, 0x3555],
    [65_504, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ])('encodes %d as is written in the tables of the format', (number, bits) => {
    expect(encode([number])).toEqual([bits]);
  });

  it('rounds a part of a larger array and nothing beside it', () => {
    const all = Float32Array.from([0.1, 0.1, 0.1]);
    roundToHalf(all.subarray(1, 2));
    expect([...all]).toEqual([Math.fround(0.1), 0.0999755859375, Math.fround(0.1)]);
  });
});
