/** pg-boss over the connection pool of the process, or within one of its transactions. */
import type { Client, QueryResult } from 'pg';
import type { Db } from 'pg-boss';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/** Each statement on a connection of the pool. */
export function jobDatabase(dataSource: DataSource): Db {
  return {
    executeSql: async (text, values) => {
      const runner = dataSource.createQueryRunner();
      try {
        return await execute(runner, text, values);
      } finally {
        await runner.release();
      }
    },
  };
}

/** Within the transaction of `tx`: rows of the product and jobs become visible together. */
export function jobDatabaseOf(tx: EntityManager): Db {
  const runner = tx.queryRunner;
  if (runner === undefined) throw new Error('an entity manager without a transaction');
  return { executeSql: async (text, values) => execute(runner, text, values) };
}

/** On the driver's own client: pg-boss reads its error codes, and sends several statements at once, which give an array. */
async function execute(runner: QueryRunner, text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
  const client = (await runner.connect()) as Client;
  const result: QueryResult | QueryResult[] = await client.query(text, values);
  return { rows: Array.isArray(result) ? result.flatMap(({ rows }) => rows as unknown[]) : result.rows };
}
