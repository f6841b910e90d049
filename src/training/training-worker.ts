/**
 * The trainer's loop: takes runs from the queue one at a time, and looks for runs that lost their trainer.
 *
 * A process that stops ends its run's child and gives the run back, so that another trainer, or this one after its restart,
 * begins it again at once.
 */
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { RecollectError } from '../errors.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';
import { trainingQueue, TrainingQueue, type TrainingJobData } from './training-queue.js';
import { TrainingRun } from './training-run.js';

const recoverMs = 15_000;

@Injectable()
export class TrainingWorker implements OnModuleInit, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly queue: TrainingQueue,
    private readonly run: TrainingRun,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.queue.recover();
    await this.queue.boss.work<TrainingJobData>(trainingQueue, { pollingIntervalSeconds: 1 }, async (jobs) => {
      for (const { data } of jobs) await this.work(data.runId);
    });
    this.timer = setInterval(() => void this.recover(), recoverMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.queue.boss.offWork(trainingQueue, { wait: false }); // before the run goes back, or it would be taken here again
    this.stopping.abort(new RecollectError('LOST', 'the trainer stops'));
    await this.running?.catch(() => undefined); // the queue was told
  }

  private async work(runId: string): Promise<void> {
    if (this.stopping.signal.aborted) return; // the row stays queued; the next trainer finds it
    this.running = this.run.run(runId, this.stopping.signal);
    try {
      await this.running;
    } finally {
      this.running = null;
    }
  }

  /** Only while idle: one run at a time means that there is nothing to find while this process works, but its own run. */
  private async recover(): Promise<void> {
    if (this.running !== null) return;
    try {
      await this.queue.recover();
    } catch (error) {
      logError(this.logger, error, 'lost training runs were not looked for');
    }
  }
}
