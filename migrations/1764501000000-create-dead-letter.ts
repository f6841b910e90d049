import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Dead letters, to be looked up and sent again: what lies in the topics beside it, by where each message lay first. */
export class CreateDeadLetter1764501000000 implements MigrationInterface {
  readonly name = 'CreateDeadLetter1764501000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE dead_letter (
        topic text NOT NULL,
        partition integer NOT NULL,
        record_offset bigint NOT NULL,
        -- milliseconds since 1970, as the message had it: a topic that is made anew has the same offsets once more
        record_timestamp bigint NOT NULL,
        key bytea,
        value bytea,
        -- [name, value in base64] of each; as json, since jsonb takes no NUL
        headers json NOT NULL,
        -- whether key and value are here as they came
        is_whole boolean NOT NULL,
        code text NOT NULL,
        field text,
        message text NOT NULL,
        attempts integer NOT NULL,
        refused_at timestamptz(3) NOT NULL DEFAULT now(),
        replayed_at timestamptz(3),
        PRIMARY KEY (topic, partition, record_offset, record_timestamp)
      );
      CREATE INDEX dead_letter_refused_at ON dead_letter (refused_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dead_letter');
  }
}
