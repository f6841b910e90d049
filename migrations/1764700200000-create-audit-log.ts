import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who changed or took out what is remembered of users: only ever added to, and chained by hashes. */
export class CreateAuditLog1764700200000 implements MigrationInterface {
  readonly name = 'CreateAuditLog1764700200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_log (
        id bigint PRIMARY KEY,
        at timestamptz(3) NOT NULL,
        actor text NOT NULL,
        key_prefix text,
        action text NOT NULL,
        subjects text[] NOT NULL,
        counts jsonb NOT NULL,
        hash bytea NOT NULL
      );
      CREATE INDEX audit_log_subjects ON audit_log USING gin (subjects);
      CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'audit_log is only ever added to'; END $$;
      CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log EXECUTE FUNCTION refuse_audit_change();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_log; DROP FUNCTION refuse_audit_change');
  }
}
