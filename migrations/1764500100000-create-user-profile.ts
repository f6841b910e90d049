import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is known of a user beside the log. */
export class CreateUserProfile1764500100000 implements MigrationInterface {
  readonly name = 'CreateUserProfile1764500100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_profile (
        id text PRIMARY KEY,
        properties jsonb NOT NULL,
        updated_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE user_profile');
  }
}
