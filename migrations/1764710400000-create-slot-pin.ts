import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Slots of users that are pinned: from which place of the user's sequence on, and up to which, its events leave them as they are. */
export class CreateSlotPin1764710400000 implements MigrationInterface {
  readonly name = 'CreateSlotPin1764710400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE slot_pin (
        user_id text NOT NULL,
        model_version integer NOT NULL,
        slot integer NOT NULL,
        from_occurred_at timestamptz(3) NOT NULL,
        from_arrival bigint NOT NULL,
        -- null: it is pinned
        until_occurred_at timestamptz(3),
        until_arrival bigint,
        pinned_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, model_version, slot, from_occurred_at, from_arrival)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE slot_pin');
  }
}
