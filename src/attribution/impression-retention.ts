/** Deletes answers from the log when their time is over, at the start and each hour, in batches. */
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { deleteOldRecommendations } from '../storage/recommendation.store.js';
import { LOGGER, logError, type Logger } from '../telemetry.js';

const hourMs = 3_600_000;
const deletedAtOnce = 5_000;

@Injectable()
export class ImpressionRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | null = null;
  private deleting: Promise<void> = Promise.resolve();
  private isStopping = false;

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
    this.isStopping = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.deleting;
  }

  private async deleteOld(): Promise<void> {
    try {
      const before = keptSince(this.config, Date.now());
      let deleted = deletedAtOnce;
      while (deleted === deletedAtOnce && !this.isStopping) {
        deleted = await deleteOldRecommendations(this.dataSource.manager, before, deletedAtOnce);
      }
    } catch (error) {
      logError(this.logger, error, 'old answers could not be deleted from the log; it is tried again in an hour');
    }
  }
}

/** Answers from before this are deleted. */
export function keptSince({ impressionDays }: Pick<Config, 'impressionDays'>, now: number): Date {
  return new Date(now - impressionDays * 24 * hourMs);
}
