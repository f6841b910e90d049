import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createDataSource, migrate } from '../../src/storage/data-source.js';

const databaseSchema = 'schema_spec';
const connect = async (): Promise<DataSource> =>
  createDataSource({
    databaseUrl: process.env.RECOLLECT_TEST_DATABASE_URL ?? null,
    databaseSchema,
    databasePoolSize: 4,
  }).initialize();

describe('the schema', () => {
  let dataSource: DataSource;
  beforeAll(async () => {
    dataSource = await connect();
  });
  afterAll(async () => {
    await dataSource.query(`DROP SCHEMA IF EXISTS "${databaseSchema}" CASCADE`);
    await dataSource.destroy();
  });

  const tables = async (): Promise<readonly string[]> => {
    const rows: { table_name: string }[] = await dataSource.query(
      'SELECT table_name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1',
      [databaseSchema],
    );
    return rows.map((row) => row.table_name);
  };

  it('goes up, down and up again', async () => {
    const applied = await migrate(dataSource, databaseSchema);
    expect(applied.length).toBeGreaterThan(0);
    const before = await tables();
    while ((await tables()).length > 1) await dataSource.undoLastMigration();
    expect(await tables()).toEqual(['migration']);
    await migrate(dataSource, databaseSchema);
    expect(await tables()).toEqual(before);
  });

  it('is what the entities say', async () => {
    await migrate(dataSource, databaseSchema);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('is migrated once when two processes start together', async () => {
    await dataSource.query(`DROP SCHEMA "${databaseSchema}" CASCADE`);
    const other = await connect();
    const applied = await Promise.all([migrate(dataSource, databaseSchema), migrate(other, databaseSchema)]);
    await other.destroy();
    expect(applied.flat()).toHaveLength(dataSource.migrations.length);
  });
});
