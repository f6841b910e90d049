/** Halves to numbers and back in WebAssembly SIMD, in parts that fit a page of memory; the twin of what `half` does plainly. */
import { instantiateStep, pageBytes } from './module.js';

const numbersAtOnce = 8_192;
const halvesAt = 4 * numbersAtOnce;

export class HalfKernel {
  private readonly numbers: Float32Array;
  private readonly bytes: Uint8Array;
  private readonly kernels;

  constructor() {
    const { buffer, kernels } = instantiateStep(pageBytes);
    this.kernels = kernels;
    this.numbers = new Float32Array(buffer, 0, numbersAtOnce);
    this.bytes = new Uint8Array(buffer);
  }

  /** `numbers` are halves. */
  encode(numbers: Float32Array, bytes: Uint8Array): void {
    for (let from = 0; from < numbers.length; from += numbersAtOnce) {
      const part = numbers.subarray(from, from + numbersAtOnce);
      this.numbers.set(part);
      this.kernels.encodeHalves(part.length, 0, halvesAt);
      bytes.set(this.bytes.subarray(halvesAt, halvesAt + 2 * part.length), 2 * from);
    }
  }

  decode(bytes: Uint8Array, numbers: Float32Array): void {
    for (let from = 0; from < numbers.length; from += numbersAtOnce) {
      const count = Math.min(numbersAtOnce, numbers.length - from);
      this.bytes.set(bytes.subarray(2 * from, 2 * (from + count)), halvesAt);
      this.kernels.decodeHalves(count, halvesAt, 0);
      numbers.set(this.numbers.subarray(0, count), from);
    }
  }
}
