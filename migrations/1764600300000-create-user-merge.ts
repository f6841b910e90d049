import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Ids whose histories were joined to another user's: where what comes under them later goes. */
export class CreateUserMerge1764600300000 implements MigrationInterface {
  readonly name = 'CreateUserMerge1764600300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_merge (
        from_id text PRIMARY KEY,
        into_id text NOT NULL,
        merged_at timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX user_merge_into ON user_merge (into_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE user_merge');
  }
}
