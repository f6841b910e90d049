/**
 * How a run goes, told to its row: progress at most twice a second, each epoch once, and a heartbeat when nothing else is new.
 *
 * Each of these writes names the claim. When one touches no row, the run was cancelled or given to another trainer: `gone`
 * is aborted and the worker stops. A write that fails is tried again with the next one; meanwhile the heartbeat grows old.
 */
import type { EntityManager } from 'typeorm';
import { RecollectError } from '../errors.js';
import type { Claim } from '../storage/training-claim.store.js';
import type { EpochFigures, TrainingProgress } from '../storage/training-run.entity.js';
import { saveProgress } from '../storage/training-run.store.js';
import { logError, type Logger } from '../telemetry.js';

const throttleMs = 500;
const heartbeatMs = 5_000;

export class RunReport {
  private readonly controller = new AbortController();
  private readonly heartbeat: NodeJS.Timeout;
  private progress: TrainingProgress | null = null;
  private epochs: EpochFigures[] = [];
  private next: NodeJS.Timeout | null = null;
  private turn: Promise<void> = Promise.resolve();
  private hasFailed = false;

  constructor(
    private readonly manager: EntityManager,
    private readonly claim: Claim,
    private readonly logger: Logger,
  ) {
    this.heartbeat = setInterval(() => void this.save(), heartbeatMs).unref();
  }

  /** Aborted when the row no longer belongs to this worker. */
  get gone(): AbortSignal {
    return this.controller.signal;
  }

  tell(progress: TrainingProgress): void {
    this.progress = progress;
    this.next ??= setTimeout(() => void this.save(), throttleMs).unref();
  }

  /** A phase that is no training. */
  tellPhase(phase: TrainingProgress['phase'], step = 0, steps = 0): void {
    this.tell({ phase, epoch: 0, epochs: 0, step, steps, loss: null, secondsLeft: null });
  }

  tellEpochs(figures: readonly EpochFigures[]): void {
    this.epochs.push(...figures);
    void this.save();
  }

  /** The last news are written before the run ends. */
  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.save();
    if (this.next !== null) clearTimeout(this.next);
  }

  private async save(): Promise<void> {
    this.turn = this.turn.then(async () => this.write());
    await this.turn;
  }

  private async write(): Promise<void> {
    if (this.gone.aborted) return;
    if (this.next !== null) clearTimeout(this.next);
    this.next = null;
    const { progress, epochs } = this;
    this.progress = null;
    this.epochs = [];
    try {
      if (!(await saveProgress(this.manager, this.claim, { progress, epochs }))) {
        this.controller.abort(new RecollectError('CANCELLED', 'the run was cancelled or given to another trainer'));
      }
      this.hasFailed = false;
    } catch (error) {
      this.progress ??= progress;
      this.epochs = [...epochs, ...this.epochs];
      if (!this.hasFailed) logError(this.logger, error, 'the progress of a training run was not written');
      this.hasFailed = true;
    }
  }
}
