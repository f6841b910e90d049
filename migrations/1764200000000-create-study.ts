import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Studies: which settings of a training were tried on the log as it was, and what each gave on validation. */
export class CreateStudy1764200000000 implements MigrationInterface {
  readonly name = 'CreateStudy1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE study (
        name text PRIMARY KEY,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        state text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'FINISHED', 'FAILED')),
        data_window jsonb NOT NULL,
        recipe jsonb NOT NULL,
        overrides jsonb NOT NULL,
        space jsonb NOT NULL,
        eta integer NOT NULL,
        seed bigint NOT NULL,
        best integer,
        error_code text,
        error_message text
      );
      CREATE TABLE study_trial (
        study text NOT NULL REFERENCES study ON DELETE CASCADE,
        number integer NOT NULL,
        settings jsonb NOT NULL,
        results jsonb NOT NULL DEFAULT '[]',
        PRIMARY KEY (study, number)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE study_trial, study;');
  }
}
