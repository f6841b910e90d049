import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A vector that an item comes with: of its image, audio or text. */
export class AddItemVector1764400000000 implements MigrationInterface {
  readonly name = 'AddItemVector1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE item ADD COLUMN vector real[]');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE item DROP COLUMN vector');
  }
}
