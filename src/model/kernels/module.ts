/** The compiled kernels, see `assembly/kernels`. */
import { kernelsWasm } from './kernels-wasm.js';

const bytes = Buffer.from(kernelsWasm, 'base64');

export const pageBytes = 65_536;

/** Whether this engine and processor run them; every processor that V8 has SIMD for does. */
export const hasKernels = WebAssembly.validate(bytes);
const compiled = hasKernels ? new WebAssembly.Module(bytes) : null;

/** Puts the kernels over a memory of their own. */
export function instantiate(size: number): { readonly buffer: ArrayBuffer; readonly kernels: Kernels } {
  if (compiled === null) throw new Error('this engine does not run the kernels');
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / pageBytes) });
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { buffer: memory.buffer, kernels: exports as unknown as Kernels };
}

/** Places are in bytes of the memory. */
export interface Kernels {
  step(
    users: number,
    width: number,
    blocks: number,
    heads: number,
    slots: number,
    round: number,
    plan: number,
    x: number,
    states: number,
    keep: number,
    work: number,
  ): void;
  join(width: number, plan: number, z: number, y: number, inner: number): void;
  scanBounds(
    count: number,
    width: number,
    vectors: number,
    offsets: number,
    scales: number,
    errors: number,
    lengths: number,
    biases: number,
    numbers: number,
    factors: number,
    bounds: number,
  ): void;
  scanCosines(
    count: number,
    width: number,
    vectors: number,
    offsets: number,
    scales: number,
    errors: number,
    directions: number,
    numbers: number,
    factors: number,
    bounds: number,
  ): void;
  placesFrom(count: number, numbers: number, least: number, places: number, room: number): number;
  encodeHalves(count: number, from: number, to: number): void;
  decodeHalves(count: number, from: number, to: number): void;
}
