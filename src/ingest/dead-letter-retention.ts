/** Deletes dead letters from Postgres when their time is over, at the start and each hour. */
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { deleteDeadLetters } from '../storage/dead-letter.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';

const hourMs = 3_600_000;

@Injectable()
export class DeadLetterRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | null = null;
  private deleting: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly dataSource: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    const look = (): void => {
      this.deleting = this.deleteOld();
    };
    this.timer = setInterval(look, hourMs).unref();
    look();
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.deleting;
  }

  private async deleteOld(): Promise<void> {
    try {
      const before = new Date(Date.now() - this.config.deadLetterDays * 24 * hourMs);
      await deleteDeadLetters(this.dataSource.manager, before);
    } catch (error) {
      logError(this.logger, error, 'old dead letters could not be deleted; it is tried again in an hour');
    }
  }
}
