import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A record batch that is refused as a whole is one dead letter. */
export class AddLastOffset1764502200000 implements MigrationInterface {
  readonly name = 'AddLastOffset1764502200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE dead_letter ADD COLUMN last_offset bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE dead_letter DROP COLUMN last_offset');
  }
}
