import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tells listening processes that items changed or another model serves: what it was they look up. See `storage/notifications`. */
export class CreateChangeNotification1764710100000 implements MigrationInterface {
  readonly name = 'CreateChangeNotification1764710100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- a channel for each schema; its name is hashed, since names of channels end after 63 bytes
      CREATE FUNCTION notify_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('recollect_' || md5(TG_TABLE_SCHEMA), TG_TABLE_NAME);
        RETURN NULL;
      END $$;
      CREATE TRIGGER item_change AFTER INSERT OR UPDATE OR DELETE ON item
        FOR EACH STATEMENT EXECUTE FUNCTION notify_change();
      CREATE TRIGGER live_model_change AFTER INSERT OR UPDATE OR DELETE ON live_model
        FOR EACH STATEMENT EXECUTE FUNCTION notify_change();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER item_change ON item;
      DROP TRIGGER live_model_change ON live_model;
      DROP FUNCTION notify_change();
    `);
  }
}
