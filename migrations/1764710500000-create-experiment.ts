import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row while a share of the users is answered by another version of the model. */
export class CreateExperiment1764710500000 implements MigrationInterface {
  readonly name = 'CreateExperiment1764710500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE experiment (
        single boolean PRIMARY KEY DEFAULT true CONSTRAINT experiment_single_check CHECK (single),
        version integer NOT NULL CONSTRAINT experiment_version_fkey REFERENCES model (version),
        share double precision NOT NULL CONSTRAINT experiment_share_check CHECK (share > 0 AND share < 1),
        -- what users are drawn by
        seed text NOT NULL,
        reason text,
        since timestamptz(3) NOT NULL DEFAULT now(),
        -- arrival number up to which the version's memories have the log
        standing bigint NOT NULL
      );
      CREATE TRIGGER experiment_change AFTER INSERT OR DELETE ON experiment
        FOR EACH STATEMENT EXECUTE FUNCTION notify_change();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE experiment');
  }
}
