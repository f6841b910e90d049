/**
 * Keeps the state of a run's training in Postgres, so that it outlives this process and its machine: the child's file, at most
 * once a minute and for at most about 5 % of the time, with the newest state at hand.
 */
import { appendFile, readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { readCheckpoint, replaceCheckpoint } from '../../storage/training-checkpoint.store.js';
import type { Claim } from '../../storage/training-claim.store.js';
import { logError, type Logger } from '../../telemetry.js';

const leastMs = 60_000;
const shareOfTime = 0.05;

export class StateKeeper {
  /** states that the child told of, and how many of them are stored or outdated */
  private told = 0;
  private stored = 0;
  private earliest = 0;
  private isClosed = false;
  private timer: NodeJS.Timeout | null = null;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly claim: Claim,
    private readonly file: string,
    private readonly logger: Logger,
  ) {}

  /** Puts what an earlier attempt of the run left into the file; false: nothing. */
  async fetch(): Promise<boolean> {
    let found = false;
    for await (const chunk of readCheckpoint(this.dataSource.manager, this.claim.id)) {
      await appendFile(this.file, chunk, { mode: 0o600 });
      found = true;
    }
    return found;
  }

  /** There is a new state in the file. */
  tell(): void {
    this.told++;
    this.schedule();
  }

  /** Stores the file's state now, if it is newer than the stored one. */
  async flush(): Promise<void> {
    this.turn = this.turn.then(async () => this.write());
    await this.turn;
  }

  /** Nothing is written any more when this returns. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.turn;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => void this.flush(), Math.max(0, this.earliest - performance.now())).unref();
  }

  private async write(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { told } = this;
    if (told === this.stored || this.isClosed) return;
    const begun = performance.now();
    try {
      const bytes = await readFile(this.file); //               the child replaces the file whole
      await this.dataSource.transaction(async (tx) => {
        if (!(await replaceCheckpoint(tx, this.claim, bytes))) throw new ClaimGone();
      });
    } catch (error) {
      if (!(error instanceof ClaimGone)) logError(this.logger, error, 'a training state was not stored');
    }
    this.stored = told; //                                      after a fault the next state is tried
    this.earliest = begun + Math.max(leastMs, (performance.now() - begun) / shareOfTime);
    if (this.told > told) this.schedule();
  }
}

/** Rolls the state of a run back that is no longer this worker's. */
class ClaimGone extends Error {}
