/**
 * A thread that scans: for each task it takes one block of items after the other, as the other threads do, until none is left. It imports
 * nothing of the product, so that it starts in milliseconds and from TypeScript as it is.
 */
import { parentPort } from 'node:worker_threads';
import type { ScanKernels } from './module.js';
import type { ScanTask } from './scan-threads.js';

parentPort?.on('message', ({ module, memory, nextBlock, blockTiles, scan }: ScanTask) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = exports as unknown as ScanKernels;
  const next = new Int32Array(memory.buffer, nextBlock, 1);
  const [quarter] = scan;
  for (;;) {
    const from = Atomics.add(next, 0, 1) * blockTiles;
    if (from >= quarter) break;
    kernels.scan(from, Math.min(from + blockTiles, quarter), ...scan);
  }
  parentPort?.postMessage('scanned');
});
