import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a training run was asked to start from the live model's weights; null: the setting decides. */
export class AddWarmStart1764300000000 implements MigrationInterface {
  readonly name = 'AddWarmStart1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE training_run ADD COLUMN warm_start boolean');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE training_run DROP COLUMN warm_start');
  }
}
