import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tokens of users, made with a key, are checked by. Keys from before have none and make no tokens. */
export class AddTokenKey1764723000000 implements MigrationInterface {
  readonly name = 'AddTokenKey1764723000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_key ADD COLUMN token_key bytea
        CONSTRAINT api_key_token_key_check CHECK (octet_length(token_key) = 32)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_key DROP COLUMN token_key');
  }
}
