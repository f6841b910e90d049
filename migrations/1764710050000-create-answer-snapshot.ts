import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The rest of an answer that is read in pages, in its order, for an hour. */
export class CreateAnswerSnapshot1764710050000 implements MigrationInterface {
  readonly name = 'CreateAnswerSnapshot1764710050000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE answer_snapshot (
        -- of the answer
        id uuid PRIMARY KEY,
        answered_at timestamptz(3) NOT NULL DEFAULT now(),
        -- hash of who asked what; who it was is not kept here
        request text NOT NULL,
        -- what the answer rests on
        basis jsonb NOT NULL,
        -- from the first of the first page on
        item_ids text[] NOT NULL,
        scores float8[] NOT NULL,
        item_sources text[] NOT NULL,
        item_rules jsonb NOT NULL
      );
      CREATE INDEX answer_snapshot_answered_at ON answer_snapshot (answered_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE answer_snapshot');
  }
}
