import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an operator holds: it stays so over restarts, and for every process. */
export class CreateConsumerPause1764501100000 implements MigrationInterface {
  readonly name = 'CreateConsumerPause1764501100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE consumer_pause (
        topic text NOT NULL,
        -- -1: all of the topic, also those that it gets later
        partition integer NOT NULL CHECK (partition >= -1),
        paused_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE consumer_pause');
  }
}
