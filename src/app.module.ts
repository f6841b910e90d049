/** The roles side by side: what each process is made of. */
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { ApiModule } from './api/api.module.js';
import { HealthModule } from './api/health.module.js';
import type { Config } from './config.js';
import { IngestModule } from './ingest/ingest.module.js';
import { StorageModule } from './storage/storage.module.js';
import type { Logger } from './telemetry.js';
import { TrainerModule } from './training/training.module.js';

const roles: Readonly<Record<Config['role'], readonly Type[]>> = {
  api: [ApiModule],
  ingest: [IngestModule],
  train: [TrainerModule],
  all: [ApiModule, IngestModule, TrainerModule],
};

@Module({})
export class AppModule {
  static with(config: Config, logger: Logger, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      imports: [StorageModule.with(config, logger, dataSource), HealthModule, ...roles[config.role]],
    };
  }
}
