import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables that one event needs on its way to one answer. */
export class CreateMemory1764000000000 implements MigrationInterface {
  readonly name = 'CreateMemory1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE item (
        id text PRIMARY KEY,
        title text,
        categories text[] NOT NULL DEFAULT '{}',
        properties jsonb NOT NULL DEFAULT '{}',
        available boolean NOT NULL DEFAULT true,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        expires_at timestamptz(3),
        deleted_at timestamptz(3),
        -- pg_current_xact_id() of the transaction that wrote the row last: what committed since a snapshot has a number not below its xmin
        change_number bigint NOT NULL
      );
      CREATE INDEX item_change_number ON item (change_number);
      CREATE INDEX item_latest ON item (created_at DESC, id DESC) WHERE available AND deleted_at IS NULL;

      CREATE TABLE interaction (
        user_id text NOT NULL,
        id text NOT NULL,
        item_id text NOT NULL,
        kind text NOT NULL,
        value double precision,
        occurred_at timestamptz(3) NOT NULL,
        arrival bigserial,
        recommendation_id text,
        properties jsonb,
        PRIMARY KEY (user_id, id)
      );
      CREATE INDEX interaction_sequence ON interaction (user_id, occurred_at, arrival) INCLUDE (item_id);
      CREATE INDEX interaction_seen ON interaction (user_id, item_id, kind);
      CREATE INDEX interaction_arrival ON interaction (arrival);

      CREATE TABLE item_count (
        item_id text NOT NULL,
        kind text NOT NULL,
        day date NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (item_id, kind, day)
      );
      CREATE INDEX item_count_day ON item_count (day);

      CREATE TABLE consumer_progress (
        topic text NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL,
        owner_epoch bigint NOT NULL,
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition)
      );

      CREATE TABLE model (
        version serial PRIMARY KEY,
        status text NOT NULL CHECK (status IN ('CANDIDATE', 'LIVE', 'RETIRED', 'REJECTED')),
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        dimensions jsonb NOT NULL,
        hyperparameters jsonb NOT NULL,
        data_window jsonb NOT NULL,
        metrics jsonb NOT NULL,
        seed bigint NOT NULL,
        sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        byte_length bigint NOT NULL
      );
      CREATE TABLE model_chunk (
        version integer NOT NULL REFERENCES model ON DELETE CASCADE,
        number integer NOT NULL,
        bytes bytea NOT NULL,
        PRIMARY KEY (version, number)
      );

      CREATE TABLE live_model (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        version integer NOT NULL REFERENCES model,
        since timestamptz(3) NOT NULL DEFAULT now(),
        replaced integer REFERENCES model
      );

      CREATE TABLE user_memory (
        model_version integer NOT NULL,
        user_id text NOT NULL,
        state bytea STORAGE MAIN NOT NULL,
        interactions_applied bigint NOT NULL,
        last_occurred_at timestamptz(3),
        sequence_number bigint NOT NULL DEFAULT 0,
        checksum bigint NOT NULL,
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (model_version, user_id)
      ) PARTITION BY LIST (model_version);

      CREATE TABLE training_run (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        status text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')),
        cause text NOT NULL CHECK (cause IN ('MUTATION', 'CRON')),
        reason text,
        idempotency_key text UNIQUE,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        started_at timestamptz(3),
        finished_at timestamptz(3),
        heartbeat_at timestamptz(3),
        owner text,
        attempt integer NOT NULL DEFAULT 0,
        progress jsonb,
        epochs jsonb NOT NULL DEFAULT '[]',
        result jsonb,
        error_code text,
        error_message text,
        model_version integer REFERENCES model ON DELETE SET NULL
      );
      -- one run at a time for a deployment
      CREATE UNIQUE INDEX training_run_single ON training_run ((true)) WHERE status IN ('QUEUED', 'RUNNING');
      CREATE INDEX training_run_created_at ON training_run (created_at DESC, id);

      CREATE TABLE api_key (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        name text NOT NULL,
        prefix text NOT NULL UNIQUE,
        hash bytea NOT NULL,
        scopes text[] NOT NULL CHECK (scopes <@ '{reader,writer,operator,privacy}'),
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        expires_at timestamptz(3),
        revoked_at timestamptz(3)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE api_key, training_run, user_memory, live_model, model_chunk, model,
                 consumer_progress, item_count, interaction, item;
    `);
  }
}
