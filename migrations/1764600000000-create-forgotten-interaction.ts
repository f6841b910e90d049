import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was forgotten of users who go on, so that it is not taken again; and whom a rebuild under way has to make anew for it. */
export class CreateForgottenInteraction1764600000000 implements MigrationInterface {
  readonly name = 'CreateForgottenInteraction1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE forgotten_interaction (
        user_id text NOT NULL,
        -- of the interaction's id, by the erasure key
        hash bytea NOT NULL,
        forgotten_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, hash)
      );
      -- the key of hashes where RECOLLECT_ERASURE_KEY is not set, and by which key the hashes were made
      CREATE TABLE erasure_key (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        key bytea NOT NULL,
        fingerprint bytea
      );
      INSERT INTO erasure_key (key)
        SELECT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');
      CREATE TABLE memory_edit (
        arrival bigint PRIMARY KEY,
        user_id text NOT NULL
      );
      -- tells a request from another one of the same user that took its place
      ALTER TABLE replay_request ADD COLUMN id bigserial;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE replay_request DROP COLUMN id;
      DROP TABLE memory_edit, erasure_key, forgotten_interaction;
    `);
  }
}
