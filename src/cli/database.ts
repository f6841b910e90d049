/** Opens the database that the settings name (or the embedded one that runs in the data folder) for a command, and closes it after. */
import type { DataSource } from 'typeorm';
import { readConfig, type Config } from '../config.js';
import { runningPostgres } from '../embedded/postgres.js';
import { createDataSource } from '../storage/data-source.js';

export async function withDatabase(work: (dataSource: DataSource, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env);
  const databaseUrl = config.databaseUrl ?? runningPostgres(config.dataFolder);
  const dataSource = await createDataSource({ ...config, databaseUrl, databasePoolSize: 4 }).initialize();
  try {
    await work(dataSource, { ...config, databaseUrl });
  } finally {
    await dataSource.destroy();
  }
}
