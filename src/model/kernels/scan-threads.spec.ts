import { expect, it } from '@jest/globals';
import { instantiateScan, pageBytes } from './module.js';
import { ScanThreads, type ScanTask } from './scan-threads.js';

/** Bounds of `4 * quarter` tiles without numbers: each bound is the error of its factors. */
function taskOf(quarter: number): { readonly task: ScanTask; readonly bounds: () => Float32Array } {
  const tiles = 2 * pageBytes;
  const bounds = tiles + 4 * quarter * 96;
  const { module, memory } = instantiateScan(bounds + 64 * quarter);
  new Float32Array(memory.buffer, pageBytes, 4).set([1, 1, 0.25]);
  const scan = [quarter, 4, tiles, 1, pageBytes + 64, pageBytes, false, bounds] as const;
  return {
    task: { module, memory, nextBlock: pageBytes + 128, blockTiles: 3, scan },
    bounds: () => new Float32Array(memory.buffer, bounds, 16 * quarter),
  };
}

it('threads scan every block once, and what comes after a fault is scanned by others', async () => {
  const threads = new ScanThreads();
  for (const quarter of [1, 3, 1_000]) {
    const { task, bounds } = taskOf(quarter);
    await threads.scan(task);
    expect(bounds().every((bound) => bound === 0.25)).toBe(true);
    const next = new Int32Array(task.memory.buffer, task.nextBlock, 1);
    expect(Atomics.load(next, 0)).toBeGreaterThanOrEqual(Math.ceil(quarter / 3));
  }
  const { task, bounds } = taskOf(100);
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  await expect(threads.scan({ ...task, module })).rejects.toThrow(/scan is not a function/);
  expect(bounds().some((bound) => bound !== 0)).toBe(false);
  await threads.scan(task);
  expect(bounds().every((bound) => bound === 0.25)).toBe(true);
});
