import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which interactions enter memories: those that arrived before a reset of their user do not. In the index, which replays read alone. */
export class AddRemembered1764600100000 implements MigrationInterface {
  readonly name = 'AddRemembered1764600100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE interaction ADD COLUMN remembered boolean NOT NULL DEFAULT true;
      DROP INDEX interaction_sequence;
      CREATE INDEX interaction_sequence ON interaction (user_id, occurred_at, arrival) INCLUDE (item_id, remembered);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX interaction_sequence;
      ALTER TABLE interaction DROP COLUMN remembered;
      CREATE INDEX interaction_sequence ON interaction (user_id, occurred_at, arrival) INCLUDE (item_id);
    `);
  }
}
