import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { crc32 } from 'node:zlib';
import { LateReplay } from '../../src/memory/late-replay.js';
import { verifyMemories, type Difference } from '../../src/memory/memory-verify.js';
import { MemoryWriter } from '../../src/memory/memory-writer.js';
import { checksumOf } from '../../src/model/user-state.js';
import { LiveModel } from '../../src/promotion/live-model.js';
import { loadNetwork } from '../../src/promotion/network-loader.js';
import { Promotion } from '../../src/promotion/promotion.js';
import { createLogger } from '../../src/telemetry.js';
import { freshDatabase, type FreshDatabase } from '../fresh-database.js';
import { randomCheckpoint, storeCheckpoint } from '../random-checkpoint.js';
import { until } from '../service.js';
import { expectMemoriesToEqualTheLog, items, looking, writeEvents } from '../written-log.js';

const schema = 'memory_commands_spec';
const main = fileURLToPath(new URL('../../dist/src/cli/recollect.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** the last line, which is JSON */
  readonly figures: Readonly<Record<string, number>>;
}

describe('recollect memory', () => {
  let database: FreshDatabase;
  let promotion: Promotion;
  let writer: MemoryWriter;
  let replays: LateReplay;
  let version: number;
  beforeEach(async () => {
    database = await freshDatabase(schema);
    const { config, dataSource } = database;
    const live = new LiveModel(config, createLogger(config), dataSource);
    promotion = new Promotion(config, createLogger(config), dataSource, live);
    replays = new LateReplay(config, createLogger(config), live, dataSource);
    writer = new MemoryWriter(config, live, dataSource, replays);
    version = await storeCheckpoint(dataSource, randomCheckpoint(items, { blocks: 2, ...looking }));
  });
  afterEach(async () => {
    await replays.onModuleDestroy();
    await database.drop();
  });

  const start = (...options: string[]): ChildProcess =>
    spawn(process.execPath, [main, 'memory', ...options], {
      env: { PATH: process.env.PATH, DATABASE_URL: process.env.RECOLLECT_TEST_DATABASE_URL, DATABASE_SCHEMA: schema },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const end = async (child: ChildProcess): Promise<Ended> => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => (output += text.toString()));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    const last = output.trimEnd().split('\n').at(-1) ?? '';
    return { code, output, figures: last.startsWith('{') ? (JSON.parse(last) as Ended['figures']) : {} };
  };
  const run = async (...options: string[]): Promise<Ended> => end(start(...options));
  /** The counts, and for each user found what is wrong with the memory. */
  const verified = async (sample: number | null = null): Promise<Readonly<Record<string, unknown>>> => {
    const found: Record<string, Difference> = {};
    const network = await loadNetwork(database.dataSource.manager, version);
    const counts = await verifyMemories(database.dataSource, version, network, sample, (difference, userId) => {
      found[userId] = difference;
    });
    return { ...counts, ...found };
  };
  const query = async <R>(sql: string, parameters: unknown[] = []): Promise<R[]> =>
    database.dataSource.query(sql, parameters);
  const shadows = async (): Promise<readonly string[]> =>
    (
      await query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relname ~ '^user_memory_shadow_\\d+$'`)
    ).map(({ name }) => name);
  const settled = async (): Promise<void> =>
    until(async () => (await query('SELECT FROM replay_request LIMIT 1')).length === 0, 30_000);
  const memories = async (): Promise<unknown[]> => query('SELECT * FROM user_memory ORDER BY user_id');

  it('verify finds nothing where every memory is what the log gives, and each kind of difference where not, without the ids', async () => {
    await promotion.promote(version);
    await writeEvents(writer, 0, 1_200, 300);
    await settled();
    expect(await verified()).toEqual({ users: 300, interactions: 1_200, waiting: 0 });
    expect((await verified(40)).users).toBe(40);

    const flip = 'set_byte(state, 5, get_byte(state, 5) # 1)'; // one bit of one byte
    await query(`UPDATE user_memory SET state = ${flip} WHERE user_id IN ('user 7', 'user 8')`);
    expect(await verified()).toMatchObject({ 'user 7': 'DAMAGED', 'user 8': 'DAMAGED' });
    const [row] = await query<{ state: Buffer }>(`SELECT state FROM user_memory WHERE user_id = 'user 8'`);
    const state = row?.state ?? Buffer.alloc(0);
    await query(`UPDATE user_memory SET checksum = $1 WHERE user_id = 'user 8'`, [checksumOf(state)]);
    await query(`DELETE FROM user_memory WHERE user_id = 'user 9'`);
    const found = await run('verify');
    const figures = { version, users: 300, interactions: 1_200, damaged: 1, different: 1, missing: 1, outdated: 0 };
    expect(found).toMatchObject({ code: 1, figures });
    expect(found.output).not.toContain('user 7');
    await query(`UPDATE user_memory SET checksum = $1 WHERE user_id = 'user 8'`, [crc32(state)]); // of the first arithmetic
    const named = (await run('verify', '--show-ids')).output;
    for (const line of ['DAMAGED "user 7"', 'OUTDATED "user 8"', 'MISSING "user 9"']) expect(named).toContain(line);

    expect(await promotion.rebuild()).toBe(version);
    expect(await verified()).toEqual({ users: 300, interactions: 1_200, waiting: 0 });
    await expectMemoriesToEqualTheLog(database.dataSource, version);
  }, 240_000);

  it('rebuild leaves what an in-order replay gives while events come in, and writers go on under it', async () => {
    await promotion.promote(version);
    let sent = 0;
    const write = async (count: number): Promise<void> => {
      const first = sent;
      sent += count;
      await writeEvents(writer, first, count, 900);
    };
    for (let batch = 0; batch < 5; batch++) await write(1_000);
    await query(`UPDATE user_memory SET state = set_byte(state, 9, get_byte(state, 9) # 255) WHERE user_id LIKE '%1'`);
    const child = start('rebuild', '--threads', '2');
    const ended = end(child);
    const before = sent;
    while (child.exitCode === null) await write(40);
    expect((await ended).code).toBe(0);
    expect(sent - before).toBeGreaterThan(80);
    await write(200);
    await expectMemoriesToEqualTheLog(database.dataSource, version);
    expect(await shadows()).toHaveLength(0);
  }, 240_000);

  it('a rebuild that is killed in the middle leaves the memories as they were, and the next one does its work', async () => {
    await promotion.promote(version);
    for (let batch = 0; batch < 4; batch++) await writeEvents(writer, batch * 2_000, 2_000, 4_000);
    await settled();
    const before = await memories();
    const reader = database.dataSource.createQueryRunner(); // while it reads, no shadow takes the place of the memories
    await reader.startTransaction();
    await reader.query('SELECT FROM user_memory LIMIT 1');
    const child = start('rebuild', '--threads', '2');
    const ended = end(child);
    await until(async () => (await shadows()).length > 0, 120_000);
    child.kill('SIGKILL');
    await reader.rollbackTransaction();
    await reader.release();
    await ended;
    expect(child.signalCode).toBe('SIGKILL');
    expect(await memories()).toEqual(before);
    expect(await promotion.rebuild()).toBe(version);
    await expectMemoriesToEqualTheLog(database.dataSource, version);
  }, 240_000);
});
