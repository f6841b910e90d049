/**
 * Retraining by the clock: the cron setting, in UTC, kept by pg-boss.
 *
 * pg-boss looks every 30 s for occurrences of the last minute and files each under its minute, so that several trainers,
 * a restart or a clock that is set back make one job of it. It also notes when it looked last: after a machine was off, the
 * policy `once` makes one job for the latest occurrence that was missed, however many there were; a deployment that never ran
 * before has missed nothing. A job that comes while a run is queued or running joins that run.
 */
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CronExpressionParser } from 'cron-parser';
import { CONFIG, type Config } from '../config.js';
import { LOGGER, type Logger } from '../telemetry.js';
import { TrainingQueue } from './training-queue.js';

export const scheduleQueue = 'training-schedule';

@Injectable()
export class Schedule implements OnModuleInit {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly queue: TrainingQueue,
  ) {}

  async onModuleInit(): Promise<void> {
    const { boss } = this.queue;
    await boss.createQueue(scheduleQueue, { retryLimit: 10, retryDelay: 30, heartbeatSeconds: 60 });
    await boss.work(scheduleQueue, { includeMetadata: true }, async (jobs) => {
      for (const { id, createdOn } of jobs) await this.start(id, createdOn);
    });
    if (this.config.trainCron === '') await boss.unschedule(scheduleQueue);
    else await boss.schedule(scheduleQueue, this.config.trainCron, null, { tz: 'UTC', missed: 'once' });
  }

  /** The job's id is the idempotency key: a job that is delivered again starts nothing new. */
  private async start(jobId: string, createdOn: Date): Promise<void> {
    const { run, created } = await this.queue.startTraining({
      cause: 'CRON',
      reason: `scheduled for ${scheduledTime(this.config.trainCron, createdOn)}`,
      idempotencyKey: `schedule ${jobId}`,
    });
    this.logger.info({ runId: run.id, created }, 'the schedule asked for a training');
  }
}

/** The occurrence that a job stands for: the latest one when it was made. */
export function scheduledTime(cron: string, createdOn: Date): string {
  if (cron === '') return createdOn.toISOString(); // switched off while the job waited
  const after = new Date(createdOn.getTime() + 1);
  return CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: after }).prev().toDate().toISOString();
}
