/** A schema of its own on the Postgres of the end-to-end run, with the settings that lead to it. */
import type { DataSource } from 'typeorm';
import { readConfig, type Config } from '../src/config.js';
import { createDataSource, migrate } from '../src/storage/data-source.js';

export interface FreshDatabase {
  readonly config: Config;
  readonly dataSource: DataSource;
  /** drops the schema, and that of the job queue, and closes the pool */
  drop(): Promise<void>;
}

export async function freshDatabase(
  schema: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<FreshDatabase> {
  const config = readConfig({
    DATABASE_URL: process.env.RECOLLECT_TEST_DATABASE_URL,
    DATABASE_SCHEMA: schema,
    RECOLLECT_LOG_LEVEL: 'silent',
    ...settings,
  });
  const dataSource = await createDataSource(config).initialize();
  const drop = async (): Promise<void> => {
    await dataSource.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await dataSource.query(`DROP SCHEMA IF EXISTS "${schema}_job" CASCADE`);
  };
  await drop();
  await migrate(dataSource, schema);
  return {
    config,
    dataSource,
    drop: async () => {
      await drop();
      await dataSource.destroy();
    },
  };
}
