import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which lane a request waits in, noted when it is made: to count each waiting history at every look took the longer the more wait. */
export class AddLongReplay1764721000000 implements MigrationInterface {
  readonly name = 'AddLongReplay1764721000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE replay_request ADD COLUMN is_long boolean NOT NULL DEFAULT false;
      CREATE INDEX replay_request_waiting ON replay_request (is_long, requested_at, user_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX replay_request_waiting;
      ALTER TABLE replay_request DROP COLUMN is_long;
    `);
  }
}
