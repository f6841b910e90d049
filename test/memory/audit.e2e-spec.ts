import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import { readConfig, type Config } from '../../src/config.js';
import { recordAct, verifyAuditLog, type Act, type AuditVerified } from '../../src/memory/audit.js';
import { KeyedHash } from '../../src/memory/keyed-hash.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { tester } from '../actor.js';

describe('the audit log', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;
  let config: Config;
  beforeEach(async () => {
    database = await freshDatabase('audit_spec');
    ({ dataSource, config } = database);
  });
  afterEach(async () => database.drop());

  const act = (n: number): Act => ({
    by: { name: `name ${n}`, keyPrefix: n % 2 === 0 ? null : `prefix${n}` },
    action: 'FORGET_INTERACTIONS',
    userIds: [`user ${n}`],
    counts: { zebra: n, interactions: n + 1 },
  });
  const record = async (n: number): Promise<void> =>
    dataSource.transaction(async (tx) => recordAct(tx, config, act(n)));
  const verify = async (head: string | null = null): Promise<AuditVerified> =>
    verifyAuditLog(dataSource.manager, config, head);
  /** As who owns the database can, whatever the table refuses. */
  const tamper = async (statement: string): Promise<void> => {
    await dataSource.transaction(async (tx: EntityManager) => {
      await tx.query('ALTER TABLE audit_log DISABLE TRIGGER only_added_to');
      await tx.query(statement);
      await tx.query('ALTER TABLE audit_log ENABLE TRIGGER only_added_to');
    });
  };

  it('is whole as it was written, page by page, and numbers its entries without gaps', async () => {
    expect(await verify()).toEqual({ entries: 0, head: null, faults: [], isHeadKnown: null });
    for (let n = 0; n < 5; n++) await record(n);
    const verified = await verify();
    expect(verified).toMatchObject({ entries: 5, faults: [] });
    expect(verified.head).toMatch(/^[0-9a-f]{64}$/);
    await dataSource.transaction(async (tx) => {
      for (let n = 5; n < 2_003; n++) await recordAct(tx, config, act(n));
    });
    expect(await verify(verified.head)).toMatchObject({ entries: 2_003, faults: [], isHeadKnown: true });
  });

  it('says who, when, what and how much, and of whom only a keyed hash', async () => {
    await record(1);
    const [row] = await dataSource.query<Record<string, unknown>[]>('SELECT * FROM audit_log');
    const hash = (await KeyedHash.load(dataSource.manager, config)).ofUser('user 1').toString('hex');
    expect(row).toMatchObject({
      id: '1',
      actor: 'name 1',
      key_prefix: 'prefix1',
      subjects: [hash],
      counts: { zebra: 1 },
    });
    expect(JSON.stringify(row)).not.toContain('user 1');
    expect(Math.abs((row?.at as Date).getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('is made by many at once', async () => {
    await Promise.all(Array.from({ length: 40 }, async (_, n) => record(n)));
    expect(await verify()).toMatchObject({ entries: 40, faults: [] });
  });

  it('is only ever added to', async () => {
    await record(0);
    for (const statement of ['UPDATE audit_log SET actor = $$x$$', 'DELETE FROM audit_log', 'TRUNCATE audit_log']) {
      await expect(dataSource.query(statement)).rejects.toThrow(/only ever added to/);
    }
  });

  it('tells what was changed, field by field', async () => {
    const changes = [
      `at = at + interval '1 millisecond'`,
      `actor = 'somebody else'`,
      `key_prefix = NULL`,
      `action = 'RESET_MEMORY'`,
      `subjects = subjects || subjects`,
      `counts = '{"interactions": 4, "zebra": 4}'`,
    ];
    for (let n = 0; n < 5; n++) await record(n);
    for (const change of changes) {
      await dataSource.query('CREATE TABLE kept AS SELECT * FROM audit_log');
      await tamper(`UPDATE audit_log SET ${change} WHERE id = 4`);
      expect(await verify()).toMatchObject({ entries: 5, faults: [{ id: '4', fault: 'ALTERED' }] });
      await tamper('DELETE FROM audit_log');
      await dataSource.query('INSERT INTO audit_log SELECT * FROM kept');
      await dataSource.query('DROP TABLE kept');
      expect((await verify()).faults).toEqual([]);
    }
    await tamper(`UPDATE audit_log SET hash = sha256('x') WHERE id = 2`);
    expect((await verify()).faults.map(({ id }) => id)).toEqual(['2', '3']);
  });

  it('tells what was taken out, and by a head that was noted what was cut off or written anew', async () => {
    for (let n = 0; n < 6; n++) await record(n);
    const { head } = await verify();
    await tamper('DELETE FROM audit_log WHERE id IN (2, 3)');
    expect(await verify()).toMatchObject({ entries: 4, faults: [{ id: '4', fault: 'MISSING' }] });
    await tamper('DELETE FROM audit_log WHERE id > 1');
    expect(await verify(head)).toMatchObject({ entries: 1, faults: [], isHeadKnown: false });
    for (let n = 1; n < 6; n++) await record(n); // later than before: other hashes
    expect(await verify(head)).toMatchObject({ entries: 6, faults: [], isHeadKnown: false });
  });

  it('does not take the hashes of another key for its own', async () => {
    await record(0);
    const { databaseUrl, databaseSchema } = config;
    const other = readConfig({ DATABASE_URL: databaseUrl ?? '', RECOLLECT_ERASURE_KEY: 'x'.repeat(40) });
    const asked = verifyAuditLog(dataSource.manager, { ...other, databaseSchema }, null);
    await expect(asked).rejects.toMatchObject({ code: 'ERASURE_KEY_OTHER' });
  });

  it('has no entry of an act that was undone', async () => {
    const undone = dataSource.transaction(async (tx) => {
      await recordAct(tx, config, { ...act(0), by: tester });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await verify()).toMatchObject({ entries: 0 });
  });
});
