/**
 * Half precision (IEEE 754 binary16): how a user's numbers are stored.
 *
 *   1 bit sign, 5 bits exponent, 10 bits fraction; the largest finite half is 65,504, the smallest step 2^-24.
 *
 * A number is rounded to the nearest half, a tie to the even one; what lies beyond 65,504 by half a step or more is infinite.
 * Own code, because Float16Array is not in every engine that the product runs on. The f32's bits do the work: a normal half
 * is an f32 whose last 13 bits are zero, and a carry out of the fraction is the right step of the exponent.
 */
import { HalfKernel } from './kernels/half-kernel.js';
import { hasKernels } from './kernels/module.js';

export const largestHalf = 65_504;

const sign = 0x80000000;
/** the f32 bits of 2^-14, the smallest normal half */
const smallestNormal = 0x38800000;
/** the f32 bits of 65,520, the least that rounds to infinity */
const overflow = 0x477ff000;
const infinity = 0x7f800000;
/** an f64 so large that its last bit is worth 2^-24: adding it rounds to the step of the halves below 2^-14 */
const subnormalRounder = 1.5 * 2 ** 28;

/** Rounds to the nearest halves, in place. */
export function roundToHalf(numbers: Float32Array): void {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let at = 0; at < bits.length; at++) {
    const all = bits[at] as number;
    const magnitude = all & ~sign;
    if (magnitude >= smallestNormal && magnitude < overflow) {
      bits[at] = (all + 0xfff + ((all >>> 13) & 1)) & ~0x1fff;
    } else if (magnitude < smallestNormal) {
      const number = numbers[at] as number;
      const rounded = Math.abs(number) + subnormalRounder - subnormalRounder;
      numbers[at] = all & sign ? -rounded : rounded;
    } else if (magnitude <= infinity) {
      bits[at] = (all & sign) | infinity;
    }
  }
}

const kernel = hasKernels ? new HalfKernel() : null;

/** Writes numbers that are halves, two bytes each, little-endian. */
export function encodeHalves(numbers: Float32Array, bytes: Uint8Array): void {
  if (kernel === null) encodePlainly(numbers, bytes);
  else kernel.encode(numbers, bytes);
}

/** Reads as many halves as there is room for. */
export function decodeHalves(bytes: Uint8Array, numbers: Float32Array): void {
  if (kernel === null) decodePlainly(bytes, numbers);
  else kernel.decode(bytes, numbers);
}

/** The plain twin of `HalfKernel.encode`. */
export function encodePlainly(numbers: Float32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let at = 0; at < bits.length; at++) {
    const all = bits[at] as number;
    const magnitude = all & ~sign;
    let half: number;
    if (magnitude > infinity)
      half = 0x7e00; // not a number
    else if (magnitude === infinity) half = 0x7c00;
    else if (magnitude >= smallestNormal)
      half = (magnitude - 0x38000000) >>> 13; // the exponent's bias goes from 127 to 15
    else half = Math.abs(numbers[at] as number) * 2 ** 24;
    view.setUint16(2 * at, ((all & sign) >>> 16) | half, true);
  }
}

/** The plain twin of `HalfKernel.decode`. */
export function decodePlainly(bytes: Uint8Array, numbers: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    const half = view.getUint16(2 * at, true);
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x0400 && magnitude < 0x7c00) {
      bits[at] = ((half & 0x8000) << 16) | ((magnitude << 13) + 0x38000000);
    } else {
      const size = magnitude < 0x0400 ? magnitude * 2 ** -24 : magnitude === 0x7c00 ? Infinity : NaN;
      numbers[at] = half & 0x8000 ? -size : size;
    }
  }
}
