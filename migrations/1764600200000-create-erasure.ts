import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who were erased: that it was done, of whom only a keyed hash is left, and that nothing of them is taken again. */
export class CreateErasure1764600200000 implements MigrationInterface {
  readonly name = 'CreateErasure1764600200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE erasure (
        hash bytea PRIMARY KEY,
        erased_at timestamptz(3) NOT NULL DEFAULT now(),
        interactions integer NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erasure');
  }
}
