import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How the owner of a partition last said that it stands, and partitions that an operator set anew and that nobody has claimed since. */
export class CreatePartitionStatus1764502000000 implements MigrationInterface {
  readonly name = 'CreatePartitionStatus1764502000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE partition_status (
        topic text NOT NULL,
        partition integer NOT NULL,
        lag bigint NOT NULL,
        event_time timestamptz(3),
        stopped_code text,
        stopped_message text,
        waiting_for text,
        reported_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition)
      );
      ALTER TABLE consumer_progress ADD COLUMN awaits_owner boolean NOT NULL DEFAULT false;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE partition_status; ALTER TABLE consumer_progress DROP COLUMN awaits_owner');
  }
}
