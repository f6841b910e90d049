import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Processes that keep keys for a moment hear of those that are revoked. */
export class NotifyOfKeys1764710110000 implements MigrationInterface {
  readonly name = 'NotifyOfKeys1764710110000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TRIGGER api_key_change AFTER INSERT OR UPDATE OR DELETE ON api_key
        FOR EACH STATEMENT EXECUTE FUNCTION notify_change()
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER api_key_change ON api_key');
  }
}
