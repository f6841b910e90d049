import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The visit that an interaction belongs to. */
export class AddSession1764500000000 implements MigrationInterface {
  readonly name = 'AddSession1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE interaction ADD COLUMN session_id text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE interaction DROP COLUMN session_id');
  }
}
