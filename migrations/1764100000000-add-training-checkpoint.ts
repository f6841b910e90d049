import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far a training is, so that its next attempt goes on there: the state in chunks, and the cut of the log that it learns from. */
export class AddTrainingCheckpoint1764100000000 implements MigrationInterface {
  readonly name = 'AddTrainingCheckpoint1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE training_run ADD COLUMN cut bigint;
      CREATE TABLE training_checkpoint (
        run_id uuid NOT NULL REFERENCES training_run ON DELETE CASCADE,
        number integer NOT NULL,
        bytes bytea STORAGE EXTERNAL NOT NULL,
        PRIMARY KEY (run_id, number)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE training_checkpoint;
      ALTER TABLE training_run DROP COLUMN cut;
    `);
  }
}
