import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Items and users that an event made: nothing but their ids is known yet. */
export class AddIncomplete1764502100000 implements MigrationInterface {
  readonly name = 'AddIncomplete1764502100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE item ADD COLUMN incomplete boolean NOT NULL DEFAULT false');
    await runner.query('ALTER TABLE user_profile ADD COLUMN incomplete boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_profile DROP COLUMN incomplete');
    await runner.query('ALTER TABLE item DROP COLUMN incomplete');
  }
}
