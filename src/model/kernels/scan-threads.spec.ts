import { expect, it } from '@jest/globals';
import { instantiateScan, pageBytes } from './module.js';
import { ScanThreads, type ScanTask } from './scan-threads.js';

/** `16 * quarter` items without numbers: the bound of each is the error of its direction, and all are found. */
function taskOf(quarter: number): { readonly task: ScanTask; readonly found: () => readonly number[] } {
  const rows = 16 * quarter;
  const tiles = 2 * pageBytes;
  const found = tiles + 4 * quarter * 96;
  const { module, memory } = instantiateScan(found + 16 + 8 * rows);
  new Float32Array(memory.buffer, pageBytes, 4).set([1, 1, 0.25, 0.25]);
  return {
    task: {
      ...{ module, memory, nextBlock: pageBytes + 128, blockTiles: 3 },
      scan: [quarter, 4, tiles, 1, pageBytes + 64, pageBytes, false, found, rows],
    },
    found: () => {
      const [count = 0] = new Int32Array(memory.buffer, found, 1);
      return [...new Int32Array(memory.buffer, found + 16, count)].sort((a, b) => a - b);
    },
  };
}

it('threads scan every block once, and what comes after a fault is scanned by others', async () => {
  const threads = new ScanThreads();
  const rowsTo = (last: number): readonly number[] => Array.from({ length: last }, (_, at) => at + 1);
  for (const quarter of [1, 3, 1_000]) {
    const { task, found } = taskOf(quarter);
    await threads.scan(task);
    expect(found()).toEqual(rowsTo(16 * quarter));
  }
  const { task, found } = taskOf(100);
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  await expect(threads.scan({ ...task, module })).rejects.toThrow(/scan is not a function/);
  expect(found()).toEqual([]);
  await threads.scan(task);
  expect(found()).toEqual(rowsTo(1_600));
});

it('a thread that ended while nothing was to be scanned is replaced', async () => {
  const threads = new ScanThreads();
  const { task, found } = taskOf(10);
  await threads.scan(task);
  const [first] = Reflect.get(threads, 'threads') as readonly { end(): Promise<void> }[];
  await first?.end();
  new Int32Array(task.memory.buffer, task.scan[7], 1).fill(0);
  await threads.scan(task);
  expect(found()).toHaveLength(160);
});
