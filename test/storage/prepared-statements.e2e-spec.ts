import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import { withPatience } from '../../src/storage/patience.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';

describe('statements of a connection', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase('prepared_statements_spec');
  });
  afterAll(async () => {
    await database.drop();
  });

  const preparedBy = async (tx: EntityManager): Promise<readonly string[]> => {
    const rows: { statement: string }[] = await tx.query('SELECT statement FROM pg_prepared_statements');
    return rows.map(({ statement }) => statement);
  };

  it('are prepared where a request runs them again, and answer as before', async () => {
    await database.dataSource.transaction(async (tx) => {
      const text = 'SELECT $1::int + 1 AS next';
      const answers: unknown[] = [];
      for (const value of [1, 2, 3])
        answers.push(...(await withPatience(10_000, async () => tx.query<unknown[]>(text, [value]))));
      expect(answers).toEqual([{ next: 2 }, { next: 3 }, { next: 4 }]);
      expect(await preparedBy(tx)).toEqual([text]);
    });
  });

  it('are planned anew where a table has changed', async () => {
    const { dataSource } = database;
    await dataSource.query('CREATE TABLE part (version int) PARTITION BY LIST (version)');
    await dataSource.transaction(async (tx) => {
      const count = async (): Promise<unknown> =>
        withPatience(10_000, async () => tx.query<unknown>('SELECT count(*)::int FROM part WHERE version = $1', [2]));
      for (let run = 0; run < 7; run++) expect(await count()).toEqual([{ count: 0 }]); // from the sixth on by one plan
      await tx.query('CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2)');
      await tx.query('INSERT INTO part VALUES (2)');
      expect(await count()).toEqual([{ count: 1 }]);
      await tx.query('DROP TABLE part_2');
      expect(await count()).toEqual([{ count: 0 }]);
    });
  });

  it('fail once, and are prepared anew, where a migration has changed what they answer', async () => {
    const { dataSource } = database;
    await dataSource.query('CREATE TABLE changing (value int)');
    await dataSource.query('INSERT INTO changing VALUES (1)');
    const runner = dataSource.createQueryRunner(); // one connection, without a transaction that a failure would end
    const read = async (): Promise<unknown> =>
      withPatience(
        10_000,
        async () => runner.query('SELECT value FROM changing WHERE value > $1', [0]) as Promise<unknown>,
      );
    for (let run = 0; run < 3; run++) expect(await read()).toEqual([{ value: 1 }]);
    await dataSource.query('ALTER TABLE changing ALTER value TYPE text');
    await dataSource.query('ALTER TABLE changing ALTER value TYPE numeric USING value::numeric');
    await expect(read()).rejects.toThrow(/cached plan must not change result type/);
    for (let run = 0; run < 3; run++) expect(await read()).toEqual([{ value: '1' }]);
    await runner.query('DEALLOCATE ALL'); // as a pooler that hands out another server
    await expect(read()).rejects.toThrow(/does not exist/);
    for (let run = 0; run < 3; run++) expect(await read()).toEqual([{ value: '1' }]);
    await runner.release();
  });

  it('run as they are in the background', async () => {
    await database.dataSource.transaction(async (tx) => {
      for (let run = 0; run < 3; run++) await tx.query('SELECT $1::text AS background', ['x']);
      expect(await preparedBy(tx)).not.toContain('SELECT $1::text AS background');
    });
  });
});
