import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users whose memory is to be made anew from the log. */
export class AddReplayRequest1764400500000 implements MigrationInterface {
  readonly name = 'AddReplayRequest1764400500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE replay_request (
         user_id text PRIMARY KEY,
         requested_at timestamptz(3) NOT NULL DEFAULT now()
       )`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE replay_request');
  }
}
