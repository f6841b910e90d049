import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config.js';
import { LOGGER, Metrics, type Logger } from '../telemetry.js';
import { Notifications } from './notifications.js';

/** What every part stands on: the settings, the log, the figures, the one connection pool and the ear for changes. */
@Global()
@Module({})
export class StorageModule {
  static with(config: Config, logger: Logger, dataSource: DataSource): DynamicModule {
    return {
      module: StorageModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: DataSource, useValue: dataSource },
        Metrics,
        Notifications,
      ],
      exports: [CONFIG, LOGGER, DataSource, Metrics, Notifications],
    };
  }
}
