/**
 * Threads that scan large catalogues beside the event loop, a few for the whole process. Each task is for all of them: they share its
 * blocks out among themselves as they get on, so that one which the processor leaves waiting holds up no more than a block.
 */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ScanArguments, SharedScan } from './module.js';

/** A scan of all items. */
export interface ScanTask extends SharedScan {
  /** where the number of the next block is, in bytes of the memory */
  readonly nextBlock: number;
  /** tiles of each quarter that are a block */
  readonly blockTiles: number;
  readonly scan: ScanArguments;
}

/** The memory has little more to give to more of them, and each takes some megabytes. */
const mostThreads = 4;

export class ScanThreads {
  private threads: readonly ScanThread[] = [];

  /** Throws what a thread died of; then none is at work any more, and the next scan starts others, as it does where one has ended meanwhile. */
  async scan(task: ScanTask): Promise<void> {
    if (this.threads.some(({ hasEnded }) => hasEnded)) await this.end();
    if (this.threads.length === 0) {
      this.threads = Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => new ScanThread());
    }
    new Int32Array(task.memory.buffer, task.nextBlock, 1).fill(0);
    try {
      await Promise.all(this.threads.map(async (thread) => thread.scan(task)));
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** What they have not done fails. */
  private async end(): Promise<void> {
    const { threads } = this;
    this.threads = [];
    await Promise.all(threads.map(async (thread) => thread.end()));
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Keeps the process alive only while a scan is under way. */
class ScanThread {
  /** `.ts` where the sources run as they are */
  private readonly worker = new Worker(new URL(`./scan-thread${extname(import.meta.url)}`, import.meta.url));
  /** the oldest first, which is the order of the answers */
  private readonly waiting: Waiting[] = [];
  private ended = false;

  constructor() {
    this.worker
      .on('message', () => {
        this.waiting.shift()?.resolve();
        if (this.waiting.length === 0) this.worker.unref();
      })
      .on('error', (error) => {
        this.fail(error);
      })
      .on('exit', (code) => {
        this.fail(new Error(`a thread of the scan ended with ${code}`));
      })
      .unref();
  }

  /** Such a one answers nothing. */
  get hasEnded(): boolean {
    return this.ended;
  }

  async scan(task: ScanTask): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.ref();
      this.worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private fail(reason: unknown): void {
    this.ended = true;
    for (const { reject } of this.waiting.splice(0)) reject(reason);
  }
}
