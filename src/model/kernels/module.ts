/** The compiled kernels, see `assembly`. */
import { scanWasm, stepWasm } from './kernels-wasm.js';

export const pageBytes = 65_536;

const [stepBytes, scanBytes] = [stepWasm, scanWasm].map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer];

/** Whether this engine and processor run them; every processor that V8 has SIMD for does. */
export const hasKernels = WebAssembly.validate(stepBytes) && WebAssembly.validate(scanBytes);
const compiled = hasKernels
  ? { step: new WebAssembly.Module(stepBytes), scan: new WebAssembly.Module(scanBytes) }
  : null;

/** Puts the step's kernels over a memory of their own. */
export function instantiateStep(size: number): { readonly buffer: ArrayBuffer; readonly kernels: StepKernels } {
  const memory = new WebAssembly.Memory({ initial: pagesFor(size) });
  const { exports } = new WebAssembly.Instance(modules().step, { env: { memory } });
  return { buffer: memory.buffer as ArrayBuffer, kernels: exports as unknown as StepKernels };
}

/** What threads need to scan a part: each puts the module over the same memory. */
export interface SharedScan {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** Puts the scan's kernels over a memory that threads can share. */
export function instantiateScan(size: number): SharedScan & { readonly kernels: ScanKernels } {
  const pages = pagesFor(size);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const module = modules().scan;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { module, memory, kernels: exports as unknown as ScanKernels };
}

function pagesFor(size: number): number {
  return Math.ceil(size / pageBytes);
}

function modules(): NonNullable<typeof compiled> {
  if (compiled === null) throw new Error('this engine does not run the kernels');
  return compiled;
}

/** Places are in bytes of the memory. */
export interface StepKernels {
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
  encodeHalves(count: number, from: number, to: number): void;
  decodeHalves(count: number, from: number, to: number): void;
}

export interface ScanKernels {
  scan(from: number, to: number, ...rest: ScanArguments): void;
}

/** What a scan takes beside the part that is scanned. */
export type ScanArguments = readonly [
  quarter: number,
  width: number,
  tiles: number,
  directions: number,
  numbers: number,
  factors: number,
  isScore: boolean,
  found: number,
  room: number,
];
